"""Whether the traffic of a group of devices is still what a bundle learnt from.

In: flows as their feature set encodes them, with p-values. Out: a `Moved` when a group's traffic has left its
reference, with the columns that moved; gauges. The one idea: blocks of flows are what is compared. The bundle carries
blocks of its own period, the group fills blocks of the same size, and if nothing has changed it does not matter which
blocks are called new. So the chance of a false event is known: at most `alpha` for each comparison, whatever the
columns look like and however they depend on each other.

- A block is the next `flows` flows of a group, of one device at most an eighth of it: no device moves a group alone.
- PSI, the population stability index, is taken for each column over quantile bins, and for the p-values: where nothing
  has changed these are as uniform as in the reference.
- A comparison takes BLOCKS new blocks and the reference, and of all columns the PSI that is the greatest beside what
  chance gives that column. Its p-value is the share of ways to draw as many blocks of all that give one as great. A
  block is compared once, and forgotten when it is older than `horizon_s`.

Wrong for a reference of another network: there it says so with the first comparisons, rightly. An attack on many
devices moves a group as well; what a person is asked about tells the two apart. Hours of the day are no equals: learn
from whole days.
Source: permutation tests, Phipson and Smyth, "Permutation P-values Should Never Be Zero", 2010; PSI as in credit
scoring, Siddiqi, Credit Risk Scorecards, 2006.
"""

import logging
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.metrics import Metrics
from redshank.detect.device_groups import DeviceGroups
from redshank.features.feature_set import Column

REFERENCE_BLOCKS = 24
BLOCKS = 4
"""Blocks of a comparison: of 28, four can be drawn in 20,475 ways."""
DRAWS = 1999
DEVICE_SHARE = 8
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
P_VALUE = "p_value"
P_EDGES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75)
MOST_COMPARED = 256
"""Comparisons that wait to be asked for; past it the oldest is forgotten."""
SHOWN = 5
LEAST_PSI = 1e-9  # of a column that never changes

_log = logging.getLogger(__name__)

Doubles = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Reference:
    """Blocks of the period that a bundle learnt from.

    Args:
        edges: By column: the inner edges of its bins, ascending; a bin more for what is absent. [e]
        flows: Flows of a block.
        blocks: Flows of each block by bin, column after column. [b, bins]
    """

    edges: Mapping[str, Doubles]
    flows: int
    blocks: Longs

    @property
    def starts(self) -> Longs:
        """Where each column's bins begin."""
        return np.cumsum([0, *(len(edges) + 2 for edges in self.edges.values())])

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for a manifest; a block is one line of text."""
        edges = {name: edges.tolist() for name, edges in self.edges.items()}
        return {"edges": edges, "flows": self.flows, "blocks": [" ".join(map(str, b)) for b in self.blocks.tolist()]}

    @classmethod
    def from_dict(cls, values: object, columns: Sequence[Column]) -> "Reference":
        """Rebuild a reference from `to_dict`.

        Raises:
            ValueError: If it is none of these columns.
        """
        wanted = [*(column.name for column in columns), P_VALUE]  # a manifest sorts its keys
        try:
            assert isinstance(values, dict)
            edges = {name: np.array(values["edges"][name], dtype=np.float64).reshape(-1) for name in wanted}
            blocks = np.array([[int(n) for n in text.split()] for text in values["blocks"]], dtype=np.int64)
            flows = int(values["flows"])
        except (AssertionError, AttributeError, KeyError, TypeError, ValueError, OverflowError):
            raise ValueError(f"calibration: 'reference' is {repr(values)[:60]}; learn it again") from None
        found = cls(edges, flows, blocks)
        if blocks.shape != (len(blocks), found.starts[-1]) or flows < 1 or (blocks < 0).any():
            raise ValueError(
                f"calibration: 'reference' has blocks {blocks.shape} of {flows} flows in {len(edges)} columns, wanted "
                f"the bins of {len(wanted)}; learn it again"
            )
        return found

    def bins(self, x: npt.NDArray[np.float32], p: Doubles) -> Longs:
        """Return the bin of each value.

        Shape:
            x: [n, c]; p: [n]; returns: [n, c + 1].
        """
        found = np.empty((len(x), len(self.edges)), dtype=np.int64)
        for at, (start, edges) in enumerate(zip(self.starts, self.edges.values(), strict=False)):
            values = p if at == x.shape[1] else x[:, at]
            found[:, at] = start + np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, "left"))
        return found


def reference_of(
    x: npt.NDArray[np.float32],
    p: Doubles,
    devices: Sequence[str],
    columns: Sequence[Column],
    blocks: int = REFERENCE_BLOCKS,
) -> Reference:
    """Make the reference of a period.

    Args:
        x: Its flows in the order of time, as the feature set encodes them; of a window the last step.
        p: Their p-values.
        devices: Their source devices.
        columns: What the columns are.
        blocks: How many blocks to make of it, at most; with few flows there are less.

    Shape:
        x: [n, c]; p, devices: [n].
    """
    edges = {column.name: _edges(column, values) for column, values in zip(columns, x.T, strict=True)}
    edges[P_VALUE] = np.array(P_EDGES)
    empty = Reference(edges, max(1, len(x) // blocks), np.zeros((0, 0), dtype=np.int64))
    found = list(_Filling(empty).fill(empty.bins(x, p), np.asarray(devices, dtype=np.str_)))
    return Reference(edges, empty.flows, np.array(found, dtype=np.int64).reshape(len(found), empty.starts[-1]))


@dataclass(frozen=True)
class Compared:
    """A comparison, whether or not anything moved.

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

    def __str__(self) -> str:
        """Say it in words, also as the reason of a question."""
        most = ", ".join(f"{name} (PSI {psi:.2f})" for name, psi in list(self.columns.items())[:SHOWN])
        return f"traffic of group {self.group} has moved away from what was learnt: {most}; p = {self.p_value:.2g}"


class Drift:
    """The groups of one network.

    Args:
        reference: Of the bundle.
        groups: Networks, in the notation of CIDR, and the group that their devices are in; the narrowest counts, and
            who is in none is in "all".
        alpha: Highest chance of an event from a comparison where nothing has changed, 0.0005 to 1.
        horizon_s: Packet time in seconds after which a block is forgotten.
        metrics: Told the largest PSI of each group, and how many events there were.
        seed: Of the draws.

    Attributes:
        moved: By group: what the last comparison said, if the group has moved.

    Raises:
        ValueError: If a network is none.
    """

    def __init__(
        self,
        reference: Reference,
        groups: Mapping[str, str] | None = None,
        *,
        alpha: float = 0.001,
        horizon_s: float = 86_400.0,
        metrics: Metrics | None = None,
        seed: int = 0,
    ) -> None:
        self.moved: dict[str, Moved] = {}
        self._reference, self._alpha, self._metrics = reference, alpha, metrics or Metrics()
        self._horizon_ns = int(horizon_s * 1e9)
        self._groups = DeviceGroups(groups)
        self._compared: deque[Compared] = deque(maxlen=MOST_COMPARED)
        self._filling: dict[str, _Filling] = {}
        self._blocks: dict[str, deque[tuple[int, Longs]]] = {}
        self._rng = np.random.default_rng(seed)

    def take(self, x: npt.NDArray[np.float32], p: Doubles, devices: Sequence[str | None], ts_ns: Longs) -> list[Moved]:
        """Take flows, and return the groups that moved with them and had not before.

        Args:
            x: As of `reference_of`.
            p: Their p-values.
            devices: Their source devices.
            ts_ns: Their packet times.

        Shape:
            x: [n, c]; p, devices, ts_ns: [n].
        """
        if not len(x):
            return []
        names = np.array([device or "" for device in devices], dtype=np.str_)
        distinct, which = np.unique(names, return_inverse=True)
        group_of = np.array([self._groups.of(name) for name in distinct.tolist()], dtype=np.str_)[which]
        bins, now = self._reference.bins(x, p), int(ts_ns.max())
        news = []
        for group in np.unique(group_of).tolist():
            own = group_of == group
            filling = self._filling.setdefault(group, _Filling(self._reference))
            blocks = self._blocks.setdefault(group, deque())
            for counts in filling.fill(bins[own], names[own]):
                blocks.append((now, counts))
                while blocks and blocks[0][0] < now - self._horizon_ns:
                    blocks.popleft()
                if len(blocks) == BLOCKS:
                    news += self._compare(group, np.array([counts for _, counts in blocks]), now)
                    blocks.clear()
        return news

    def compared(self) -> list["Compared"]:
        """Return the comparisons made since this was asked last, in order."""
        found = list(self._compared)
        self._compared.clear()
        return found

    def _compare(self, group: str, new: Longs, now_ns: int) -> list[Moved]:
        p_value, found, names = compare(self._reference, new, self._rng, self._alpha)
        moved = {name: found[name] for name in sorted(names, key=lambda name: -found[name])}
        self._compared.append(Compared(group, now_ns, p_value, p_value <= self._alpha, found))
        self._metrics.set("redshank_drift_psi", max(found.values()), group=group)
        if p_value > self._alpha:
            self.moved.pop(group, None)
            return []
        before = self.moved.get(group)
        self.moved[group] = Moved(group, p_value, moved)
        if before is not None:
            return []
        self._metrics.count("redshank_drift_events_total", group=group)
        _log.warning("drift: %s", self.moved[group])
        return [self.moved[group]]


def compare(
    reference: Reference, new: Longs, rng: np.random.Generator, alpha: float = 0.001
) -> tuple[float, dict[str, float], list[str]]:
    """Compare new blocks with the reference.

    Shape:
        new: [m, bins].

    Returns:
        The p-value; the PSI of each column; the columns that moved: that any other is among them where nothing has
        changed has a chance of `alpha` at most.
    """
    blocks = np.concatenate([new, reference.blocks]).astype(np.float64)
    n, m = len(blocks), len(new)
    # The first draw is what was seen.
    drawn = np.concatenate([np.arange(n)[None], rng.permuted(np.tile(np.arange(n), (DRAWS, 1)), axis=1)])[:, :m]
    mark = np.zeros((DRAWS + 1, n))
    np.put_along_axis(mark, drawn, 1.0, axis=1)
    psi = _psi(mark @ blocks, (1 - mark) @ blocks, reference.starts)
    usual = np.maximum(psi.mean(axis=0), LEAST_PSI)
    largest = (psi / usual).max(axis=1)
    # A draw of the same blocks may be rounded below what was seen.
    p_value = float((largest >= largest[0] * (1 - 1e-9)).mean())
    bound = float(np.sort(largest)[-max(1, int(alpha * (DRAWS + 1)))])
    names = list(reference.edges)
    far = psi[0] / usual >= bound
    return p_value, dict(zip(names, psi[0].tolist(), strict=True)), [names[at] for at in np.flatnonzero(far)]


@dataclass
class _Filling:
    """A block that fills."""

    reference: Reference
    counts: Longs = field(init=False)
    seen: int = 0
    passed: int = 0
    devices: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.counts = np.zeros(int(self.reference.starts[-1]), dtype=np.int64)

    def fill(self, bins: Longs, devices: npt.NDArray[np.str_]) -> Iterator[Longs]:
        """Count flows, and give each block that is full."""
        while len(bins):
            taken = self._count(bins, devices)
            bins, devices = bins[taken:], devices[taken:]
            if self.seen >= self.reference.flows or self.passed >= DEVICE_SHARE * self.reference.flows:
                yield self.counts
                self.__post_init__()
                self.seen = self.passed = 0
                self.devices.clear()

    def _count(self, bins: Longs, devices: npt.NDArray[np.str_]) -> int:
        """Count flows up to the end of the block, and return how many were looked at."""
        names, which = np.unique(devices, return_inverse=True)
        order = np.argsort(which, kind="stable")
        begin = np.searchsorted(which[order], np.arange(len(names)))
        place = np.empty(len(which), dtype=np.int64)
        place[order] = np.arange(len(which)) - begin[which[order]]
        held = np.array([self.devices[name] for name in names.tolist()])
        counted = held[which] + place < max(1, self.reference.flows // DEVICE_SHARE)
        passed = self.passed + np.arange(1, len(which) + 1)
        over = (self.seen + np.cumsum(counted) >= self.reference.flows) | (
            passed >= DEVICE_SHARE * self.reference.flows
        )
        end = int(np.argmax(over)) + 1 if over.any() else len(over)
        own = counted[:end]
        self.counts += np.bincount(bins[:end][own].ravel(), minlength=len(self.counts))
        self.devices.update(devices[:end][own].tolist())
        self.seen += int(own.sum())
        self.passed += end
        return end


def _psi(new: Doubles, old: Doubles, starts: Longs) -> Doubles:
    """Return the population stability index of each column.

    Shape:
        new, old: [d, bins]; returns: [d, columns].
    """
    wide = np.repeat(np.diff(starts), np.diff(starts))
    totals = [np.add.reduceat(counts, starts[:-1], axis=1).repeat(np.diff(starts), axis=1) for counts in (new, old)]
    share = [(counts + 0.5) / (total + 0.5 * wide) for counts, total in zip((new, old), totals, strict=True)]
    each = (share[0] - share[1]) * np.log(share[0] / share[1])
    found: Doubles = np.add.reduceat(each, starts[:-1], axis=1)
    return found


def _edges(column: Column, values: npt.NDArray[np.float32]) -> Doubles:
    there = values[np.isfinite(values)].astype(np.float64)
    if column.codes:  # a bin for each code that was seen, and one for those between
        codes = np.unique(there)
        return np.unique(np.concatenate([codes - 0.5, codes + 0.5])) if len(codes) else np.zeros(1)
    return np.unique(np.quantile(there, QUANTILES)) if len(there) else np.zeros(1)
