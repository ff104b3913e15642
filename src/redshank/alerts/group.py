"""Many verdicts make one alert: one per device, family and window of packet time.

In: FLOW and VERDICT batches, in the order in which flows end. Out: Alerts, each once its window is over.
The one idea: a window closes when packet time has passed its end by `late_s`. A flow that turns up later still (a long
one, which only now ended) counts in the oldest window that is open, so no alert comes twice; what a row counts for
depends on the rows before it, never on how they were cut into batches.

A group lives in memory until its window closes, so their number is bounded: past `most_open` the group that was opened
first is emitted early. If its device goes on, a second alert with the same id follows, and the two counts add up.

Unknown flows do not flood: from `unknown_minimum` on they make an alert; below it only if one of them is an alarm and
no alert of a known family names the device in that window. (The odd flow of a known attack is unknown too.)

Flows without a time (logs whose time was masked) take the packet time reached so far, 0 at the start.
"""

import hashlib
import heapq
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.alerts.severity import UNKNOWN, measure, severity
from redshank.core.records import Alert, Evidence

NS_PER_S = 1_000_000_000
NEVER = np.iinfo(np.int64).min
EVIDENCE_COLUMNS = ["uid", "src_ip", "src_port", "dst_ip", "dst_port", "proto", "community_id"]
# Packet times are what a capture says; centuries of slack keep sums of them inside int64.
FARTHEST_NS = 1 << 62


@dataclass(frozen=True)
class GroupSettings:
    """How verdicts are grouped.

    Args:
        window_s: Length of a window, packet time, above 0.
        late_s: How long past its end a window stays open for flows that end late.
        unknown_minimum: Unknown flows of a device and window from which on they make an alert in any case.
        most_open: Groups held at once.
        most_targets: Distinct targets counted per group; an alert says no higher number.
        shown: Targets and flows of evidence in an alert.
    """

    window_s: float = 300.0
    late_s: float = 60.0
    unknown_minimum: int = 20
    most_open: int = 10_000
    most_targets: int = 4_096
    shown: int = 10


@dataclass
class _Group:
    device: str
    family: str
    start_ns: int
    bundle: str
    first_ns: int = FARTHEST_NS
    last_ns: int = -FARTHEST_NS
    count: int = 0
    alarms: int = 0
    score: float = 0.0
    targets: Counter[str] = field(default_factory=Counter)
    first: Evidence | None = None
    # A heap of (score, -order, flow): the weakest on top, of equals the latest.
    strongest: list[tuple[float, int, Evidence]] = field(default_factory=list)


_Key = tuple[int, str, str]


@dataclass(frozen=True)
class _Rows:
    """The flows of a batch that belong to some group, column by column."""

    columns: dict[str, list[Any]]
    ts: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]

    def evidence(self, row: int) -> Evidence:
        flow = {name: values[row] for name, values in self.columns.items()}
        texts = {name: flow[name] or "" for name in ("uid", "src_ip", "dst_ip", "proto")}
        return Evidence(**{**flow, **texts}, ts_s=int(self.ts[row]) / NS_PER_S, score=float(self.score[row]))


class Groups:
    """The groups of one stream of verdicts.

    Args:
        settings: How to group.
    """

    def __init__(self, settings: GroupSettings | None = None) -> None:
        self.settings = settings or GroupSettings()
        self._window_ns = max(1, round(self.settings.window_s * NS_PER_S))
        self._late_ns = round(self.settings.late_s * NS_PER_S)
        self._open: dict[_Key, _Group] = {}
        self._reached_ns = int(NEVER)

    def add(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> list[Alert]:
        """Count a batch, and return the alerts whose windows are over.

        Args:
            flows: FLOW rows.
            verdicts: VERDICT rows, row by row those of `flows`.
        """
        if not flows.num_rows:
            return []
        ts, start = self._times(flows.column("ts"))
        alarm = verdicts.column("alarm").fill_null(False).to_numpy(zero_copy_only=False)
        strange = verdicts.column("unknown").fill_null(False).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(alarm | strange)
        emitted: list[Alert] = []
        if len(rows):
            some = pa.array(rows)
            told = verdicts.select(["score", "family", "bundle"]).take(some)
            emitted += self._count(flows.select(EVIDENCE_COLUMNS).take(some), told, ts[rows], start[rows], alarm[rows])
        return emitted + self._close(self._window(self._reached_ns - self._late_ns))

    def finish(self) -> list[Alert]:
        """Close every window and return the alerts that are left."""
        return self._close(FARTHEST_NS + 1)

    def _times(self, column: pa.Array) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return each row's time, and the start of the window it counts in."""
        ts = column.cast(pa.int64()).fill_null(NEVER).to_numpy(zero_copy_only=False)
        reached = np.maximum.accumulate(np.concatenate([[self._reached_ns], ts]))[1:]
        reached = np.where(reached == NEVER, 0, reached)
        ts = np.clip(np.where(ts == NEVER, reached, ts), -FARTHEST_NS, FARTHEST_NS)
        self._reached_ns = int(min(reached[-1], FARTHEST_NS))
        oldest = np.clip(reached, -FARTHEST_NS, FARTHEST_NS) - self._late_ns
        return ts, np.maximum(ts, oldest) // self._window_ns * self._window_ns

    def _window(self, at_ns: int) -> int:
        return at_ns // self._window_ns * self._window_ns

    def _count(
        self,
        flows: pa.RecordBatch,
        verdicts: pa.RecordBatch,
        ts: npt.NDArray[np.int64],
        start: npt.NDArray[np.int64],
        alarm: npt.NDArray[np.bool_],
    ) -> list[Alert]:
        score = verdicts.column("score").fill_null(0.0).to_numpy(zero_copy_only=False)
        devices = flows.column("src_ip").fill_null("").dictionary_encode()
        families = verdicts.column("family").fill_null(UNKNOWN).dictionary_encode()
        device, family = devices.indices.to_numpy(), families.indices.to_numpy()
        _, first, group = np.unique(np.stack([start, device, family]), axis=1, return_index=True, return_inverse=True)
        members = np.split(np.argsort(group, kind="stable"), np.cumsum(np.bincount(group))[:-1])
        names, kinds, bundle = devices.dictionary, families.dictionary, verdicts.column("bundle")
        # Only flows worth an alert come here, so lists are cheap; one look-up per group in Arrow would not be.
        rows = _Rows({name: _values(flows.column(name)) for name in EVIDENCE_COLUMNS}, ts, score)
        emitted: list[Alert] = []
        for at in np.argsort(first, kind="stable"):  # in the order of the rows, not of the key
            own = members[at]
            i = int(own[0])
            key = (int(start[i]), names[device[i]].as_py(), kinds[family[i]].as_py())
            one = self._group(key, bundle[i].as_py(), emitted)
            self._grow(one, rows, own)
            one.alarms += int(alarm[own].sum())
        return emitted

    def _group(self, key: _Key, bundle: str, emitted: list[Alert]) -> _Group:
        if key not in self._open:
            if len(self._open) >= self.settings.most_open:
                emitted += self._emit([next(iter(self._open))])
            self._open[key] = _Group(key[1], key[2], key[0], bundle)
        return self._open[key]

    def _grow(self, group: _Group, rows: _Rows, own: npt.NDArray[np.intp]) -> None:
        shown, scores, times = self.settings.shown, rows.score[own], rows.ts[own]
        strongest = np.argsort(-scores, kind="stable")[:shown].tolist()
        evidence = {at: rows.evidence(int(own[at])) for at in {0, *strongest}}
        group.first = group.first or evidence[0]
        for at in strongest:
            item = (evidence[at].score, -(group.count + at), evidence[at])
            (heapq.heappushpop if len(group.strongest) >= shown else heapq.heappush)(group.strongest, item)
        targets = rows.columns["dst_ip"]
        for target, count in Counter(targets[row] or "" for row in own.tolist()).items():
            if target in group.targets or len(group.targets) < self.settings.most_targets:
                group.targets[target] += count
        group.count += len(own)
        group.score = max(group.score, float(scores.max()))
        group.first_ns = min(group.first_ns, int(times.min()))
        group.last_ns = max(group.last_ns, int(times.max()))

    def _close(self, before_ns: int) -> list[Alert]:
        return self._emit(sorted(key for key in self._open if key[0] < before_ns))

    def _emit(self, keys: Sequence[_Key]) -> list[Alert]:
        groups = [self._open.pop(key) for key in keys]
        explained = {(group.start_ns, group.device) for group in groups if group.family != UNKNOWN}
        return [self._alert(group) for group in groups if self._speaks(group, explained)]

    def _speaks(self, group: _Group, explained: set[tuple[int, str]]) -> bool:
        if group.family != UNKNOWN or group.count >= self.settings.unknown_minimum:
            return True
        return group.alarms > 0 and (group.start_ns, group.device) not in explained

    def _alert(self, group: _Group) -> Alert:
        shown = self.settings.shown
        ranked = sorted(group.targets.items(), key=lambda item: (-item[1], item[0]))
        targets = tuple(target for target, _ in ranked[:shown])
        assert group.first is not None
        strongest = [item[2] for item in sorted(group.strongest, key=lambda item: (-item[0], -item[1]))]
        evidence = [group.first, *(item for item in strongest if item != group.first)][:shown]
        return Alert(
            id=hashlib.sha256(f"{group.device}\n{group.family}\n{group.start_ns}".encode()).hexdigest()[:16],
            device=group.device,
            family=group.family,
            severity=severity(group.family, score=group.score, count=group.count, targets=len(group.targets)),
            first_seen_s=group.first_ns / NS_PER_S,
            last_seen_s=group.last_ns / NS_PER_S,
            count=group.count,
            score=group.score,
            targets=targets,
            target_count=len(group.targets),
            measure=measure(group.family, group.device, targets, len(group.targets)),
            bundle=group.bundle,
            evidence=tuple(evidence),
        )


def _values(column: pa.Array) -> list[Any]:
    # Through numpy: Arrow's own to_pylist takes more than twice as long.
    if not pa.types.is_integer(column.type):
        values: list[Any] = column.to_numpy(zero_copy_only=False).tolist()
        return values
    return [None if value < 0 else value for value in column.fill_null(-1).to_numpy().tolist()]
