"""Flows of our sensor beside the conn.log that Zeek wrote for the same capture.

In: a capture, a conn.log, which services Zeek could name. Out: for each flow the fields in which ours differs.
Flows are matched by their tuple; a tuple that comes twice is paired as its flows differ least, for times are masked
upstream. `service` is compared as a set. `tunnel_parents` is compared by what it says: our uid and Zeek's name the same
parent flow, a tunnel that is no flow is a tunnel in both.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from redshank.capture.source import PacketSource
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor

NAMES = {
    "uid": "uid",
    "service": "service",
    "duration": "duration",
    "orig_bytes": "src_bytes",
    "resp_bytes": "dst_bytes",
    "conn_state": "conn_state",
    "missed_bytes": "missed_bytes",
    "history": "history",
    "orig_pkts": "src_pkts",
    "orig_ip_bytes": "src_ip_bytes",
    "resp_pkts": "dst_pkts",
    "resp_ip_bytes": "dst_ip_bytes",
    "tunnel_parents": "tunnel_parents",
    "ip_proto": "ip_proto",
    "orig_l2_addr": "src_mac",
    "resp_l2_addr": "dst_mac",
}
"""Zeek's name of each field that both have: FLOW's name of it."""
KEY = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto")
KEY_OF_FLOW = ("src_ip", "src_port", "dst_ip", "dst_port", "proto")

Key = tuple[str, ...]
Row = dict[str, str]
Flows = dict[Key, list[Row]]


@dataclass
class Outcome:
    """What one capture showed.

    Args:
        flows: Flows that either has.
        identical: Those that are the same in every field.
        differences: By field, in words; "flows" are those that only one has.
    """

    flows: int = 0
    identical: int = 0
    differences: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def zeeks(lines: Iterable[str]) -> tuple[Flows, list[str]]:
    """Read a conn.log; return its flows, and the fields of ours that it has."""
    rows: list[tuple[Key, Row]] = []
    names: list[str] = []
    for line in lines:
        if line.startswith("#fields"):
            names = line.rstrip("\n").split("\t")[1:]
        elif line.strip() and not line.startswith("#"):
            record = dict(zip(names, line.rstrip("\n").split("\t"), strict=True))
            rows.append((tuple(record[name] for name in KEY), {NAMES[n]: v for n, v in record.items() if n in NAMES}))
    return grouped(rows), [NAMES[name] for name in names if name in NAMES and name != "uid"]


def ours(source: PacketSource, *, checksums: bool) -> Flows:
    """Meter packets; return the final rows, in the order of their first packets."""
    rows: list[tuple[int, Key, Row]] = []
    settings = MeterSettings(seed=1, checksums=checksums)
    for batch in Sensor(source, settings).batches():
        chosen = batch.select([*NAMES.values(), *KEY_OF_FLOW, "part"]).to_pylist()
        for row, ts in zip(chosen, batch["ts"].cast("int64").to_pylist(), strict=True):
            if row["part"] == "final":
                key = tuple(str(row[name]) for name in KEY_OF_FLOW)
                rows.append((ts, key, {name: text(name, row[name]) for name in NAMES.values()}))
    return grouped([(key, row) for _, key, row in sorted(rows, key=lambda one: one[0])])


def text(name: str, value: Any) -> str:
    """Write a value as Zeek does."""
    if value is None or value == "":
        return "-"
    return f"{value:.6f}" if name == "duration" else str(value)


def grouped(rows: list[tuple[Key, Row]]) -> Flows:
    """Put rows under their keys, parents named by what they are."""
    keys = {row["uid"]: " ".join(key) for key, row in rows}
    flows: Flows = defaultdict(list)
    for key, row in rows:
        uids = row.get("tunnel_parents", "-")
        if uids != "-":
            row["tunnel_parents"] = ", ".join(sorted(f"[{keys.get(uid, 'a tunnel')}]" for uid in uids.split(",")))
        flows[key].append(row)
    return flows


def same(name: str, mine: str, theirs: str, known: frozenset[str] | None = None) -> bool:
    """Tell whether two values are the same; of services, those that Zeek could name."""
    if name == "duration" and "-" not in (mine, theirs):
        # Zeek's times are floats, exact to 0.24 us; ours are whole nanoseconds.
        return abs(float(mine) - float(theirs)) < 1.5e-6
    if name == "service":
        named = {one for one in mine.split(",") if known is None or one in known or one in theirs.split(",")}
        return (named - {"-"}) == set(theirs.split(",")) - {"-"}
    return mine == theirs


def compare(mine: Flows, theirs: Flows, fields: list[str], known: frozenset[str] | None = None) -> Outcome:
    """Compare flow by flow.

    Args:
        mine, theirs: Ours and Zeek's.
        fields: FLOW names of what to compare.
        known: Services that Zeek had an analyzer for; None: all.
    """
    outcome = Outcome()
    for key in sorted(set(mine) | set(theirs)):
        left, right = mine.get(key, []), list(theirs.get(key, []))
        outcome.flows += max(len(left), len(right))
        if len(left) != len(right):
            outcome.differences["flows"].append(f"{' '.join(key)}: {len(left)} here, {len(right)} in Zeek")
            if not left or not right:
                continue
        for row in left[: len(right)]:
            best = min(right, key=lambda other: sum(not same(name, row[name], other[name], known) for name in fields))
            right.remove(best)
            odd = [name for name in fields if not same(name, row[name], best[name], known)]
            outcome.identical += not odd
            for name in odd:
                outcome.differences[name].append(f"{' '.join(key)}: {row[name]} here, {best[name]} in Zeek")
    return outcome


def table(outcomes: dict[str, Outcome], why: dict[str, dict[str, str]]) -> str:
    """Write what every case showed, and the total."""
    lines = [f"{'case':62} {'flows':>6} {'identical':>9}  fields that differ, in how many flows, and why"]
    for name, outcome in outcomes.items():
        odd = [f"{one}: {len(items)}" for one, items in outcome.differences.items()]
        lines.append(f"{name:62} {outcome.flows:6} {outcome.identical:9}  {', '.join(odd)}")
        for one, items in outcome.differences.items():
            lines.append(f"    {one}: {why.get(name, {}).get(one, 'NOT EXPLAINED')}")
            lines += [f"        {item}" for item in items[:4]]
    return "\n".join([*lines, total(outcomes)])


def total(outcomes: dict[str, Outcome]) -> str:
    """Write the total of some cases."""
    flows, identical = sum(one.flows for one in outcomes.values()), sum(one.identical for one in outcomes.values())
    fields: Counter[str] = Counter()
    for one in outcomes.values():
        fields.update({name: len(items) for name, items in one.differences.items()})
    counts = ", ".join(f"{name} {count}" for name, count in fields.most_common()) or "none"
    return f"{identical} of {flows} flows identical in every field ({identical / flows:.1%}); differences: {counts}"


def captures(data: Path) -> dict[str, str]:
    """Return by case the upstream command line."""
    lines = [line.split("|") for line in (data / "zeek-parity" / "README.md").read_text().splitlines()]
    return {
        cells[1].strip(" `"): cells[5].strip(" `") for cells in lines if len(cells) == 7 and cells[1].startswith(" `")
    }
