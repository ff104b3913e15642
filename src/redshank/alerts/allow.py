"""Allow-lists: which alarms a person does not want to be told of.

In: allowances (`core/allowance.py`), and FLOW and VERDICT batches or an alert. Out: which rows are allowed and by which
allowance; or the allowance that covers the alert. Each row that is allowed is counted.

The one idea: allowances are sorted by what they look at (a "shape": the columns, and of an address the length of its
prefix), and one look-up per shape finds all rows that one of its allowances holds for. There are few shapes, whatever
the number of allowances, and only rows that are an alarm or unknown are looked at.

A rule's allowance takes that rule's word from a row: the row is allowed if signatures alone raised its alarm and each
of the rules that it hit is allowed there. So it silences neither a model nor another rule.

An alert is covered if what it tells is: every flow of evidence, every target, the family, every rule. What it does not
tell (a flow that is no evidence) cannot be asked; it counts as the others do.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.alerts.severity import SIGNATURES, UNKNOWN
from redshank.core.allowance import MAC, Allowance
from redshank.core.prefix import bits, first, network
from redshank.core.records import Alert

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

# A column, and how much of its value is compared: bits of an address's prefix, labels of a name, 0 for all of it.
_Look = tuple[str, int]
_Value = int | str
_ADDRESS_COLUMNS = ("src_ip", "dst_ip")
_DOMAIN_COLUMNS = ("dns_query", "ssl_server_name", "http_host")
_FLOW_COLUMNS = (*_ADDRESS_COLUMNS, "src_mac", "dst_port", *_DOMAIN_COLUMNS)
_SIDES = {"source": ("src_ip",), "destination": ("dst_ip",), "network": _ADDRESS_COLUMNS, "device": ("src_ip",)}
_TOLD = pa.schema([(name, pa.int32() if name == "dst_port" else pa.string()) for name in (*_FLOW_COLUMNS, "proto")])
_SAID = pa.schema([("family", pa.string()), ("detector", pa.string()), ("rules", pa.list_(pa.string()))])
"""What an alert tells of flows and verdicts."""


@dataclass(frozen=True)
class Quieted:
    """What an allowance kept quiet so far: how many flows, and the packet time of the last (None: it had no time)."""

    allowance: Allowance
    flows: int
    last_s: float | None


@dataclass
class _Shape:
    """Allowances that look at the same columns.

    The codes of a row's values, one column after the other, are looked up as pairs (code so far, code of this column),
    so that numbers stay small whatever the number of columns.
    """

    looks: tuple[_Look, ...]
    keys: dict[tuple[_Value, ...], int] = field(default_factory=dict)
    steps: list[tuple[dict[_Value, int], Ints]] = field(default_factory=list)
    found: Ints = field(default_factory=lambda: np.zeros(0, np.int64))

    def build(self) -> None:
        """Make the look-up from the keys."""
        so_far = np.zeros(len(self.keys), np.int64)
        for values in zip(*self.keys, strict=True):
            codes = {value: code for code, value in enumerate(dict.fromkeys(values))}
            pairs = so_far * len(codes) + np.array([codes[value] for value in values], np.int64)
            known, so_far = np.unique(pairs, return_inverse=True)
            self.steps.append((codes, known))
        self.found = np.empty(len(self.keys), np.int64)
        self.found[so_far] = list(self.keys.values())

    def match(self, columns: "_Columns") -> Ints:
        """Return the place of an allowance that holds for each row, or -1."""
        so_far = np.zeros(columns.rows, np.int64)
        for look, (codes, known) in zip(self.looks, self.steps, strict=True):
            own = columns.codes(look, codes)
            pairs = np.where((so_far >= 0) & (own >= 0), so_far * len(codes) + own, -1)
            at = np.minimum(np.searchsorted(known, pairs), len(known) - 1)
            so_far = np.where(known[at] == pairs, at, -1)
        return np.where(so_far >= 0, self.found[so_far], -1)


class _Columns:
    """Columns of some rows, each as distinct values and where they stand."""

    def __init__(self, arrays: dict[str, pa.Array], rows: int) -> None:
        self.rows = rows
        self._arrays = arrays
        self._distinct: dict[str, tuple[list[_Value | None], Ints]] = {}

    def codes(self, look: _Look, codes: dict[_Value, int]) -> Ints:
        name, level = look
        if name not in self._distinct:
            coded = self._arrays[name].dictionary_encode()
            read = _READ.get(name)
            values = [read(value) if read else value for value in coded.dictionary.to_pylist()]
            self._distinct[name] = (values, coded.indices.fill_null(len(values)).to_numpy().astype(np.int64))
        values, where = self._distinct[name]
        own = [-1 if value is None else codes.get(_part(value, level), -1) for value in values]
        return np.array([*own, -1], np.int64)[where]


class AllowList:
    """The allowances in force.

    Args:
        allowances: All there are; expired ones do no harm.

    Example:
        >>> from redshank.core.schema import flow_batch, verdict_batch
        >>> flows = flow_batch({"src_ip": ["10.0.0.9", "10.0.0.8"]}, rows=2)
        >>> verdicts = verdict_batch({"alarm": [True, True]}, rows=2)
        >>> scanner = Allowance.of("ana", "our own scanner", 0.0, source="10.0.0.9")
        >>> AllowList([scanner]).allowed(flows, verdicts, at_s=1.0)[0].tolist()
        [True, False]
    """

    def __init__(self, allowances: Iterable[Allowance] = ()) -> None:
        self._flows: Counter[str] = Counter()
        self._last_s: dict[str, float | None] = {}
        self.replace(allowances)

    def replace(self, allowances: Iterable[Allowance]) -> None:
        """Put other allowances in force; what those that stay kept quiet so far is kept."""
        self._all = list({one.id: one for one in allowances}.values())
        known = {one.id for one in self._all}
        self._flows = Counter({key: count for key, count in self._flows.items() if key in known})
        self._last_s = {key: at for key, at in self._last_s.items() if key in known}
        self._built_at_s, self._until_s = np.inf, -np.inf

    def allowed(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch, at_s: float) -> tuple[Bools, Counter[str]]:
        """Tell which rows are allowed, and count them.

        Args:
            flows: FLOW rows.
            verdicts: VERDICT rows, row by row those of `flows`.
            at_s: The time at which allowances may have expired, by the clock.

        Returns:
            Which rows are allowed, of those that are an alarm or unknown; and their number by the id of the allowance
            (of several that hold for a row, one).
        """
        allowed = np.zeros(flows.num_rows, np.bool_)
        self._compile(at_s)
        if not (self._plain or self._ruled):
            return allowed, Counter()
        loud = pc.or_(verdicts.column("alarm").fill_null(False), verdicts.column("unknown").fill_null(False))
        rows = np.flatnonzero(loud.to_numpy(zero_copy_only=False))
        if not len(rows):
            return allowed, Counter()
        some = pa.array(rows)
        verdicts = verdicts.select(["family", "detector", "rules", "ts"]).take(some)
        by = self._match(flows.select([*_FLOW_COLUMNS, "proto"]).take(some), verdicts)
        hit = by >= 0
        allowed[rows[hit]] = True
        counts = Counter(
            {self._valid[place].id: int(count) for place, count in enumerate(np.bincount(by[hit])) if count}
        )
        places, last = np.unique(by[::-1], return_index=True)
        times = verdicts.column("ts").cast(pa.int64()).take(pa.array(len(by) - 1 - last)).to_pylist()
        for place, time in zip(places.tolist(), times, strict=True):
            if place >= 0:
                self._last_s[self._valid[place].id] = None if time is None else time / 1e9
        self._flows.update(counts)
        return allowed, counts

    def covers(self, alert: Alert, at_s: float) -> Allowance | None:
        """Return an allowance that covers an alert, if there is one; see `covering`."""
        return self.covering([alert], at_s)[0]

    def covering(self, alerts: Sequence[Alert], at_s: float) -> list[Allowance | None]:
        """Return of each alert an allowance that covers it, if there is one.

        Args:
            alerts: The alerts.
            at_s: As of `allowed`.
        """
        self._compile(at_s)
        if not alerts or not (self._plain or self._ruled):
            return [None] * len(alerts)
        flows = [_flows(alert) for alert in alerts]
        counts = np.array(list(map(len, flows)))
        told = pa.RecordBatch.from_pylist([flow for own in flows for flow in own], schema=_TOLD)
        verdicts = pa.RecordBatch.from_pydict(
            {
                "family": [alert.family for alert in alerts],
                "detector": [",".join(alert.detectors) for alert in alerts],
                "rules": [list(alert.rules) for alert in alerts],
            },
            schema=_SAID,
        ).take(pa.array(np.repeat(np.arange(len(alerts)), counts)))
        by = self._match(told, verdicts)
        begins = np.cumsum(counts) - counts
        whole = np.minimum.reduceat(by, begins) >= 0
        return [self._valid[by[begin]] if all_ else None for begin, all_ in zip(begins.tolist(), whole, strict=True)]

    def snapshot(self) -> tuple[Quieted, ...]:
        """Tell what each allowance kept quiet so far, those that kept the most first."""
        told = [Quieted(one, self._flows[one.id], self._last_s.get(one.id)) for one in self._all]
        return tuple(sorted(told, key=lambda one: -one.flows))

    def _compile(self, at_s: float) -> None:
        if self._built_at_s <= at_s < self._until_s:
            return
        self._valid = [one for one in self._all if one.holds_at(at_s)]
        self._built_at_s = at_s
        self._until_s = min((one.expires_at_s for one in self._valid if one.expires_at_s is not None), default=np.inf)
        plain: dict[tuple[_Look, ...], _Shape] = {}
        ruled: dict[tuple[_Look, ...], _Shape] = {}
        for place, one in enumerate(self._valid):
            for looks in product(*_looks(one)):
                shapes = plain if one.rule is None else ruled
                names = tuple(look for look, _ in looks)
                shapes.setdefault(names, _Shape(names)).keys.setdefault(tuple(value for _, value in looks), place)
        for shape in (*plain.values(), *ruled.values()):
            shape.build()
        self._plain, self._ruled = list(plain.values()), list(ruled.values())

    def _match(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> Ints:
        arrays = {name: flows.column(name) for name in _FLOW_COLUMNS}
        has_ports = pc.is_in(flows.column("proto"), pa.array(["tcp", "udp"]))
        arrays["dst_port"] = pc.if_else(has_ports, arrays["dst_port"], None)  # of ICMP it is a type
        arrays["family"] = verdicts.column("family").fill_null(UNKNOWN)
        by = _first(self._plain, _Columns(arrays, flows.num_rows))
        if self._ruled:
            by = np.where(by >= 0, by, self._match_rules(arrays, verdicts))
        return by

    def _match_rules(self, arrays: dict[str, pa.Array], verdicts: pa.RecordBatch) -> Ints:
        by = np.full(verdicts.num_rows, -1, np.int64)
        signatures = pc.equal(verdicts.column("detector"), SIGNATURES).fill_null(False)
        row = pc.list_parent_indices(verdicts.column("rules")).to_numpy().astype(np.int64)
        if len(row):
            at = pa.array(row)
            each = {name: array.take(at) for name, array in arrays.items()}
            each["rule"] = pc.list_flatten(verdicts.column("rules"))
            found = _first(self._ruled, _Columns(each, len(row)))
            by[row] = found
            by[row[found < 0]] = -1
            by[~signatures.to_numpy(zero_copy_only=False)] = -1
        return by


def _flows(alert: Alert) -> list[dict[str, str | int | None]]:
    """Return what an alert tells of its flows, one at least."""
    flows: list[dict[str, str | int | None]] = [
        {"src_ip": one.src_ip, "dst_ip": one.dst_ip, "dst_port": one.dst_port, "proto": one.proto,
         "src_mac": one.src_mac, "dns_query": one.domain}
        for one in alert.evidence
    ]  # fmt: skip
    shown = {flow["dst_ip"] for flow in flows}
    flows += [{**flows[0], "dst_ip": target} for target in alert.targets if flows and target not in shown]
    return flows or [{"src_ip": alert.device}]


def _first(shapes: Sequence[_Shape], columns: _Columns) -> Ints:
    by = np.full(columns.rows, -1, np.int64)
    for shape in shapes:
        if (by < 0).any():
            by = np.where(by >= 0, by, shape.match(columns))
    return by


def _looks(one: Allowance) -> list[list[tuple[_Look, _Value]]]:
    """Return for each condition the looks of which one must find its value."""
    wanted: list[list[tuple[_Look, _Value]]] = []
    for name, value in one.conditions().items():
        if name == "device" and MAC.fullmatch(str(value)):
            wanted.append([(("src_mac", 0), value)])
        elif name in _SIDES:
            start, level = network(str(value))
            wanted.append([((column, level), start) for column in _SIDES[name]])
        elif name == "domain":
            level = str(value).count(".") + 1
            wanted.append([((column, level), value) for column in _DOMAIN_COLUMNS])
        else:
            wanted.append([(("dst_port" if name == "port" else name, 0), value)])
    return wanted


def _name(text: str) -> str:
    return text.lower().rstrip(".")


def _host(text: str) -> str:
    return _name(text.rpartition(":")[0] if ":" in text else text)


def _part(value: _Value, level: int) -> _Value:
    """Return what of a value is compared: the prefix of an address, the last labels of a name, or all of it."""
    if not level:
        return value
    if isinstance(value, int):
        return first(value, level)
    return ".".join(value.rsplit(".", level)[-level:])


_READ: dict[str, Callable[[str], _Value | None]] = {
    **dict.fromkeys(_ADDRESS_COLUMNS, bits),
    **dict.fromkeys(_DOMAIN_COLUMNS, _name),
    "http_host": _host,
}
"""How a column's values are read; the others are taken as they are."""
