"""Whether the traffic of a group of devices is still what a bundle learnt from.

In: batches of flows with what a detector computed of them. Out: a `Moved` when a group's traffic has left the bundle's
reference, with the columns that moved; gauges. The one idea: each group fills blocks as the reference has them
(`detect/reference.py`), and BLOCKS new ones are compared with it; so the chance of a false event is at most `alpha` for
each comparison, if it does not matter which blocks are called new.

- The blocks of a comparison begin a quarter of `every_s` apart at least, for flows of some minutes are alike and those
  of a reference are of hours; and a busy network costs no more than a quiet one. So the first comparison ends three
  quarters of an hour after the start at the earliest.
- A block is compared once, and forgotten when it is older than `horizon_s`.
- The first four blocks of a group follow each other and are looked at as one (`compare_as_one`), once: only what is
  beyond doubt is told by them, so that another network is told within minutes. That they tell nothing says nothing.
- Where time jumps back, or had jumped ahead, the next block begins at once.
- What has moved is told once, until a comparison finds it back.
- If what is usual changes from hour to hour, blocks of one hour are no equals of those of another, and the bound does
  not hold (docs/measured.md has by how much).

Wrong for a reference of another network: there it says so with the first comparisons, rightly. An attack that the
detector does not tell, on many devices, moves a group as well; what a person is asked about tells the two apart. Hours
of the day are no equals: learn from whole days. Flows without times are looked at, and never compared.
"""

import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.metrics import LOST, Metrics
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.reference import (
    DEVICE_SHARE,
    P_VALUE,
    Doubles,
    Filling,
    Longs,
    Reference,
    coded,
    compare,
    compare_as_one,
)
from redshank.flows.ended import ended

BLOCKS = 4
"""Blocks of a comparison: of 28, four can be drawn in 20,475 ways."""
EVERY_S = 3_600.0
MOST_COMPARED = 256
"""Comparisons that wait to be asked for; past it the oldest is forgotten."""
SHOWN = 5

_log = logging.getLogger(__name__)

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Compared:
    """A comparison, whether or not anything moved; or the look at the first blocks, if that told.

    Args:
        group: The group.
        at_ns: Packet time, ns since the epoch.
        p_value: Share of the ways to draw blocks that differ as much.
        moved: Whether that is beyond the bound.
        psi: Of each column, and of the p-values as P_VALUE.
    """

    group: str
    at_ns: int
    p_value: float
    moved: bool
    psi: Mapping[str, float]


@dataclass(frozen=True)
class Moved:
    """The traffic of a group is not what the bundle learnt from.

    Args:
        group: The group.
        p_value: Share of the ways to draw blocks that differ as much.
        columns: The columns that moved, with their PSI, most first.
    """

    group: str
    p_value: float
    columns: Mapping[str, float]

    @property
    def most(self) -> str:
        """The columns that moved most, in words."""
        return ", ".join(f"{name} (PSI {psi:.2f})" for name, psi in list(self.columns.items())[:SHOWN])

    def __str__(self) -> str:
        """Say it in words, also as the reason of a question."""
        return f"traffic of group {self.group} has moved away from what was learnt: {self.most}; p = {self.p_value:.2g}"


class Drift:
    """The groups of one network.

    Args:
        reference: Of the bundle.
        groups: Which group a device is in; all are one if absent.
        alpha: Highest chance of an event from a comparison where nothing has changed, 0.0005 to 1.
        horizon_s: Packet time in seconds after which a block is forgotten.
        every_s: Packet time in seconds over which the blocks of a comparison are spread at least.
        detector: Who watches, for metrics.
        metrics: Told the largest PSI of each group, and how many events there were.
        seed: Of the draws.

    Attributes:
        moved: By group: what the last comparison said, if the group has moved.
    """

    def __init__(
        self,
        reference: Reference,
        groups: DeviceGroups | None = None,
        *,
        alpha: float = 0.001,
        horizon_s: float = 86_400.0,
        every_s: float = EVERY_S,
        detector: str = "",
        metrics: Metrics | None = None,
        seed: int = 0,
    ) -> None:
        self.moved: dict[str, Moved] = {}
        self._reference, self._alpha, self._metrics, self._detector = reference, alpha, metrics or Metrics(), detector
        self._horizon_ns, self._apart_ns = int(horizon_s * 1e9), int(every_s / BLOCKS * 1e9)
        self._groups = groups or DeviceGroups()
        self._compared: deque[Compared] = deque(maxlen=MOST_COMPARED)
        self._watched = {name: _Watched(Filling(reference)) for name in self._groups.names}
        self._rng = np.random.default_rng(seed)

    def follow(
        self, flows: pa.RecordBatch, x: npt.NDArray[np.float32], p: Doubles, wanted: Bools | None = None
    ) -> list[Moved]:
        """Take the flows of a batch that have ended, as `take` does.

        Args:
            flows: FLOW rows.
            x: As the feature set encodes them.
            p: Their p-values.
            wanted: Which of them count; all if absent.

        Shape:
            x: [n, steps * c]; p, wanted: [n].
        """
        ts = np.maximum(flows.column("ts").to_numpy(zero_copy_only=False).view(np.int64), 0)  # absent: far back
        self._heed_jumps(ts)
        awake = {group for group, one in self._watched.items() if self._awake(one, ts).any()}
        devices = flows.column("src_ip")
        if not awake or (len(self._watched) > 1 and awake.isdisjoint(map(self._groups.of, coded(devices)[0]))):
            return []
        final = ended(flows).to_numpy(zero_copy_only=False)
        rows = np.flatnonzero(final if wanted is None else final & wanted)
        columns = len(self._reference.edges) - 1
        return self.take(x[rows, -columns:], p[rows], devices.take(pa.array(rows)), ts[rows])

    def take(self, x: npt.NDArray[np.float32], p: Doubles, devices: pa.Array, ts_ns: Longs) -> list[Moved]:
        """Take flows, and return the groups that moved with them and had not before.

        Args:
            x: As of `reference_of`.
            p: Their p-values.
            devices: Their source devices.
            ts_ns: Their packet times.

        Shape:
            x: [n, c]; p, devices, ts_ns: [n].
        """
        names, which = coded(devices)
        group_of = np.array([self._groups.of(name) for name in names], dtype=np.object_)
        news = []
        for group, watched in self._watched.items():
            own = np.flatnonzero((group_of == group)[which]) if len(names) else which
            while len(own):
                if not watched.began:
                    awake = self._awake(watched, ts_ns[own])
                    if not awake.any():
                        break
                    own = own[int(np.argmax(awake)) :]
                    watched.began, watched.back, watched.at_ns = True, 0, int(ts_ns[own[0]])
                some = own[: DEVICE_SHARE * self._reference.flows]
                own = own[watched.filling.take(x[some], p[some], names, which[some]) :]
                if watched.filling.full:
                    news += self._filled(group, watched)
        return news

    def _heed_jumps(self, ts: Longs) -> None:
        """Count flows in a row that began before the last block of a group: as many as fill one, and time jumped back.

        Or it had jumped ahead. Fewer may be long flows that end, of batches in which no others do.
        """
        newest = int(ts.max(initial=0))
        for watched in self._watched.values():
            watched.back = watched.back + len(ts) if newest < watched.at_ns else 0

    def _awake(self, watched: "_Watched", ts_ns: Longs) -> Bools:
        """Tell the flows with which a block may begin, or goes on. A time that lies far back is not believed."""
        if watched.began or not watched.rests or watched.back >= self._reference.flows:
            return np.ones(len(ts_ns), dtype=np.bool_)
        awake: Bools = (ts_ns >= watched.at_ns + self._apart_ns) | (ts_ns < watched.at_ns - self._horizon_ns)
        return awake

    def _filled(self, group: str, watched: "_Watched") -> list[Moved]:
        """Keep a block that is full, and compare when there are enough."""
        block = (watched.at_ns, watched.filling.emptied())
        watched.began = False
        watched.blocks, watched.first = (self._near(kept, watched.at_ns) for kept in (watched.blocks, watched.first))
        if all(abs(watched.at_ns - at_ns) >= self._apart_ns for at_ns, _ in watched.blocks):
            watched.blocks.append(block)
        if len(watched.blocks) == BLOCKS:
            new, watched.blocks, watched.rests = _counts(watched.blocks), [], True
            return self._tell(group, compare(self._reference, new, self._rng, self._alpha), watched.at_ns)
        if watched.rests:
            return []
        watched.first.append(block)
        if len(watched.first) < BLOCKS:
            return []
        new, watched.first, watched.rests = _counts(watched.first), [], True
        found = compare_as_one(self._reference, new, self._alpha)
        return self._tell(group, found, watched.at_ns) if found[0] <= self._alpha else []

    def _near(self, blocks: list[tuple[int, Longs]], now_ns: int) -> list[tuple[int, Longs]]:
        return [kept for kept in blocks if abs(now_ns - kept[0]) <= self._horizon_ns]

    def compared(self) -> list["Compared"]:
        """Return the comparisons made since this was asked last, in order."""
        found = list(self._compared)
        self._compared.clear()
        return found

    def _tell(self, group: str, of: tuple[float, dict[str, float], list[str]], now_ns: int) -> list[Moved]:
        p_value, found, names = of
        moved = {name: found[name] for name in sorted(names, key=lambda name: -found[name])}
        if len(self._compared) == MOST_COMPARED:
            self._metrics.count(LOST, what="comparisons")
        self._compared.append(Compared(group, now_ns, p_value, p_value <= self._alpha, found))
        inputs = max((psi for name, psi in found.items() if name != P_VALUE), default=0.0)
        for part, psi in (("inputs", inputs), ("scores", found[P_VALUE])):
            self._metrics.set("redshank_drift_psi", psi, detector=self._detector, group=group, part=part)
        if p_value > self._alpha:
            self.moved.pop(group, None)
            return []
        before = self.moved.get(group)
        self.moved[group] = Moved(group, p_value, moved)
        if before is not None:
            return []
        self._metrics.count("redshank_drift_events_total", detector=self._detector, group=group)
        _log.warning("drift: %s", self.moved[group])
        return [self.moved[group]]


@dataclass
class _Watched:
    """A group of devices."""

    filling: Filling
    blocks: list[tuple[int, Longs]] = field(default_factory=list)
    """Blocks far enough apart, each with the time of its begin."""
    first: list[tuple[int, Longs]] = field(default_factory=list)
    """The first ones, as they follow each other."""
    began: bool = False
    """Whether a block fills."""
    at_ns: int = 0
    """Packet time with which the last one began."""
    rests: bool = False
    """Whether the next one waits."""
    back: int = 0
    """Flows in a row, of all groups, that began before it."""


def _counts(blocks: list[tuple[int, Longs]]) -> Longs:
    return np.array([counts for _, counts in blocks])
