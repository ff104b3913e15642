"""Metering the captures of Zeek's own test suite beside the conn.log that Zeek wrote for them.

Goldens: ../shared/zeek-parity (its README names the upstream commit). Flows are matched by their tuple and, where a
tuple comes twice, by order of time. `ts` and `uid` are masked upstream; `service` is reported, not required.
Captures are not special-cased: the only thing taken from the upstream command is whether checksums are verified (-C).
"""

import re
from collections import defaultdict
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from redshank.capture.sources.pcap import Pcap
from redshank.flows.meter import MeterSettings
from redshank.flows.sources.sensor import Sensor

IDENTICAL = 43
"""Cases that must be identical in every field of FIELDS; raised as the meter gets better, never lowered."""

_SCRIPT = "the script of this test changes what Zeek looks at, midway"
_TUNNEL = "tunnels over UDP are not opened"
WHY = {
    "core.pcap.dynamic-filter": _SCRIPT,
    "scripts.base.frameworks.netcontrol.packetfilter": _SCRIPT,
    "core.tunnels.geneve": _TUNNEL,
    "core.tunnels.geneve-47101": _TUNNEL,
    "core.tunnels.gre-over-udp": _TUNNEL,
    "core.tunnels.gtp.inner_teredo": _TUNNEL,
    "core.tunnels.teredo": _TUNNEL,
    "core.tunnels.teredo_bubble_with_payload": _TUNNEL,
    "core.tunnels.vxlan": _TUNNEL,
    "scripts.base.protocols.ldap.sasl-signed-clear": "an IP length of 0 counts 0 in Zeek, the frame's here",
}
"""Cases that differ for a reason."""

ZEEK = {
    "proto": "proto",
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
    "ip_proto": "ip_proto",
    "orig_l2_addr": "src_mac",
    "resp_l2_addr": "dst_mac",
    "service": "service",
}
FIELDS = tuple(name for name in ZEEK.values() if name != "service")
KEY = ("id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto")

Flows = dict[tuple[str, ...], list[dict[str, str]]]


def cases(data: Path) -> dict[str, str]:
    """Return the upstream command of each case."""
    text = (data / "zeek-parity" / "README.md").read_text()
    return dict(re.findall(r"^\| `([^`]+)` \|.*\| `([^`]+)` \|$", text, re.MULTILINE))


def expected(log: Path) -> tuple[Flows, list[str]]:
    flows: Flows = defaultdict(list)
    names: list[str] = []
    for line in log.read_text().splitlines():
        if line.startswith("#fields"):
            names = line.split("\t")[1:]
        elif not line.startswith("#"):
            record = dict(zip(names, line.split("\t"), strict=True))
            flows[tuple(record[name] for name in KEY)].append({ZEEK[n]: v for n, v in record.items() if n in ZEEK})
    return flows, [ZEEK[name] for name in names if name in ZEEK]


def text(name: str, value: Any) -> str:
    if value is None:
        return "-"
    return f"{value:.6f}" if name == "duration" else str(value)


def metered(trace: Path, *, checksums: bool) -> Flows:
    flows: Flows = defaultdict(list)
    rows: list[tuple[int, dict[str, Any]]] = []
    for batch in Sensor(
        Pcap(trace), MeterSettings(seed=1, checksums=checksums, interim_packets=0, interim_s=0)
    ).batches():
        chosen = batch.select([*ZEEK.values(), "src_ip", "src_port", "dst_ip", "dst_port"])
        rows += zip(batch["ts"].cast("int64").to_pylist(), chosen.to_pylist(), strict=True)
    for _, row in sorted(rows, key=itemgetter(0)):
        key = (row["src_ip"], str(row["src_port"]), row["dst_ip"], str(row["dst_port"]), row["proto"])
        flows[key].append({name: text(name, row[name]) for name in ZEEK.values()})
    return flows


def same(name: str, ours: str, zeeks: str) -> bool:
    if name == "duration" and "-" not in (ours, zeeks):
        # Zeek's times are floats, exact to 0.24 us; ours are whole nanoseconds.
        return abs(float(ours) - float(zeeks)) < 1.5e-6
    return ours == zeeks


def differences(ours: Flows, zeek: Flows, fields: list[str]) -> dict[str, list[str]]:
    """Return by field what differs, in words; "flows" holds what only one side has."""
    found: dict[str, list[str]] = defaultdict(list)
    for key in sorted(set(ours) | set(zeek)):
        mine, theirs = ours.get(key, []), list(zeek.get(key, []))
        if len(mine) != len(theirs):
            found["flows"].append(f"{' '.join(key)}: {len(mine)} here, {len(theirs)} in Zeek")
            continue
        # conn.log is in the order of removal and has no times here: flows of one tuple pair up as they differ least.
        for row in mine:
            best = min(theirs, key=lambda other: sum(not same(name, row[name], other[name]) for name in fields))
            theirs.remove(best)
            for name in fields:
                if not same(name, row[name], best[name]):
                    found[name].append(f"{' '.join(key)}: {row[name]} here, {best[name]} in Zeek")
    return found


@pytest.mark.data
def test_flows_of_zeeks_own_captures_are_identical_to_its_log(data: Path) -> None:
    identical: list[str] = []
    unexplained: list[str] = []
    with_service = 0
    commands = cases(data)
    assert len(commands) == 46
    print(f"{'case':58} fields that differ, and in how many flows")  # noqa: T201  `pytest -s` shows the table
    for name, command in commands.items():
        folder = data / "zeek-parity" / name
        (trace,) = folder.glob("trace.*")
        zeek, fields = expected(folder / "conn.log")
        found = differences(metered(trace, checksums=" -C " not in command), zeek, fields)
        service = found.pop("service", [])
        with_service += not found and not service
        (unexplained if name not in WHY and found else identical if not found else []).append(name)
        marks = " ".join(f"{field}:{len(items)}" for field, items in found.items()) or "identical"
        print(f"{name:58} {marks}{f' (service:{len(service)})' if service else ''}  {WHY.get(name, '')}")  # noqa: T201  as above
        for field, items in [*found.items(), ("service", service)]:
            for item in items[:3]:
                print(f"    {field}: {item}")  # noqa: T201  as above
    print(f"{len(identical)} of {len(commands)} identical, {with_service} with service")  # noqa: T201  as above
    assert unexplained == []
    assert len(identical) >= IDENTICAL


def test_a_difference_is_named_with_both_values() -> None:
    key = ("10.0.0.1", "1", "10.0.0.2", "2", "udp")
    row = dict.fromkeys(ZEEK.values(), "1")
    found = differences({key: [row]}, {key: [{**row, "src_pkts": "2"}]}, ["src_pkts", "dst_pkts"])
    assert found == {"src_pkts": ["10.0.0.1 1 10.0.0.2 2 udp: 1 here, 2 in Zeek"]}
    assert differences({key: [row]}, {}, ["src_pkts"]) == {"flows": [f"{' '.join(key)}: 1 here, 0 in Zeek"]}
