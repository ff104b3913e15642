"""Blocks of the flows that a bundle learnt from, and the comparison of new ones with them.

In: flows as their feature set encodes them, with p-values and devices. Out: a `Reference` of plain numbers that travels
in the bundle's manifest; the p-value of new blocks. The one idea: blocks of flows are what is compared, for if nothing
has changed it does not matter which blocks are called new, whatever the columns look like and however they depend on
each other.

- A block is the next `flows` flows, of one device at most an eighth of it: no device moves a group alone.
- PSI, the population stability index, is taken for each column over quantile bins, and for the p-values: where nothing
  has changed these are as the reference has them.
- Two things count: of all columns the PSI that is the greatest beside what chance gives that column, for one that moves
  alone, and the sum of all, for another network. The p-value is the share of ways to draw as many blocks of all in
  which one of the two is as rarely exceeded; few ways are drawn where they say that nothing moved.

Source: permutation tests, Phipson and Smyth, "Permutation P-values Should Never Be Zero", 2010; Besag and Clifford,
"Sequential Monte Carlo p-values", Biometrika, 1991; PSI as in credit scoring, Siddiqi, Credit Risk Scorecards, 2006.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, lgamma
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.features.feature_set import Column

REFERENCE_BLOCKS = 24
MOST_FLOWS = 500
"""Of a block: with more a service would wait longer to be told no more."""
DRAWS = 3999
FIRST_DRAWS, CLEAR = 99, 10.0
"""After so many draws a comparison ends whose p-value is so many times the bound, or more."""
DEVICE_SHARE = 8
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
P_VALUE = "p_value"
P_EDGES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75)
LEAST_PSI = 1e-9  # of a column that never changes

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
            raise ValueError(f"calibration: 'reference' is {repr(values)[:60]}") from None
        found = cls(edges, flows, blocks)
        if blocks.shape != (len(blocks), found.starts[-1]) or flows < 1 or (blocks < 0).any():
            raise ValueError(
                f"calibration: 'reference' has blocks {blocks.shape} of {flows} flows in {len(edges)} columns, wanted "
                f"the bins of {len(wanted)}"
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
    devices: pa.Array,
    columns: Sequence[Column],
    blocks: int = REFERENCE_BLOCKS,
) -> Reference:
    """Make the reference of a period.

    Args:
        x: Its flows in the order of time, as the feature set encodes them; of a window the last step.
        p: Their p-values.
        devices: Their source devices.
        columns: What the columns are.
        blocks: How many blocks to make of it, spread over it, at most; with few flows there are less.

    Shape:
        x: [n, c]; p, devices: [n].
    """
    edges = {column.name: _edges(column, values) for column, values in zip(columns, x.T, strict=True)}
    edges[P_VALUE] = np.array(P_EDGES)
    each = max(1, len(x) // blocks)
    empty = Reference(edges, min(each, MOST_FLOWS), np.zeros((0, 0), dtype=np.int64))
    filling, found, at = Filling(empty), [], 0
    names, which = coded(devices)
    while at < len(x):
        at += filling.take(x[at:], p[at:], names, which[at:])
        if filling.full:
            found.append(filling.emptied())
            at = max(at, len(found) * each)
    return Reference(edges, empty.flows, np.array(found, dtype=np.int64).reshape(len(found), empty.starts[-1]))


def compare(
    reference: Reference, new: Longs, rng: np.random.Generator, alpha: float = 0.001
) -> tuple[float, dict[str, float], list[str]]:
    """Compare new blocks with the reference.

    Shape:
        new: [m, bins].

    Returns:
        The p-value; the PSI of each column; the columns that moved: that any other is among them where nothing has
        changed has a chance of `alpha` at most; where all moved together and none stands out, those that moved most.
    """
    blocks = np.concatenate([new, reference.blocks]).astype(np.float64)
    names = list(reference.edges)
    for draws in (FIRST_DRAWS, DRAWS):
        psi = _psis(blocks, len(new), reference.starts, draws, rng)
        usual = np.maximum(psi.mean(axis=0), LEAST_PSI)
        alone, together = (psi / usual).max(axis=1), psi.sum(axis=1)
        rarer = np.minimum(_as_great(alone), _as_great(together))
        p_value = float((rarer <= rarer[0]).mean())
        if p_value >= CLEAR * alpha and p_value >= CLEAR / (FIRST_DRAWS + 1):
            break
    bound = np.sort(alone)[-max(1, int(alpha * len(alone)))]
    far = psi[0] / usual >= bound
    if not far.any():
        far = psi[0] >= psi[0].max() / 2
    far &= p_value <= alpha
    return p_value, dict(zip(names, psi[0].tolist(), strict=True)), [names[at] for at in np.flatnonzero(far)]


def compare_as_one(reference: Reference, new: Longs, alpha: float = 0.001) -> tuple[float, dict[str, float], list[str]]:
    """Look at new blocks that follow each other, as if they were one: for what is beyond doubt.

    Flows of some minutes may all be like the first of them, so the blocks are as good as one. The rank of one among n
    others says no less than 1 in n + 1; so how far it lies beyond them counts. The distance is the sum of all columns'
    PSI: of each block of the reference to the others, of the new ones to all. If that is c times the greatest of the
    n, the p-value is n! c! / (n + c)!, which is exact for distances that are exponential.

    Wrong where their tails are heavier, or another time is not as any of the reference's was. Weak where the blocks of
    the reference are no equals.

    Shape:
        new: [m, bins].

    Returns:
        As `compare`; the columns are those that moved most.
    """
    blocks = reference.blocks.astype(np.float64)
    total = blocks.sum(axis=0)
    farthest = float(_psi(blocks, total - blocks, reference.starts).sum(axis=1).max(initial=LEAST_PSI))
    psi = _psi(new.sum(axis=0).astype(np.float64), total, reference.starts)
    n, times = len(blocks), float(psi.sum()) / farthest
    p_value = exp(lgamma(n + 1) + lgamma(times + 1) - lgamma(n + times + 1))
    names = [name for name, one in zip(reference.edges, psi, strict=True) if p_value <= alpha and one >= psi.max() / 2]
    return p_value, dict(zip(reference.edges, psi.tolist(), strict=True)), names


class Filling:
    """A block that fills.

    Args:
        reference: What it will be compared with.
    """

    def __init__(self, reference: Reference) -> None:
        self._reference, self._empty = reference, np.zeros(int(reference.starts[-1]), dtype=np.int64)
        self._counts, self._seen, self._passed = self._empty.copy(), 0, 0
        self._devices: Counter[str] = Counter()

    @property
    def full(self) -> bool:
        """Whether it has its flows, or has seen enough."""
        return self._seen >= self._reference.flows or self._passed >= DEVICE_SHARE * self._reference.flows

    def emptied(self) -> Longs:
        """Return the counts, and begin anew."""
        counts, self._counts, self._seen, self._passed = self._counts, self._empty.copy(), 0, 0
        self._devices.clear()
        return counts

    def take(self, x: npt.NDArray[np.float32], p: Doubles, names: Sequence[str], which: Longs) -> int:
        """Count flows up to the end of the block, and return how many were looked at.

        Args:
            x: As of `reference_of`.
            p: Their p-values.
            names: Devices.
            which: The device of each flow.

        Shape:
            x: [n, c]; p, which: [n].
        """
        some = slice(DEVICE_SHARE * self._reference.flows - self._passed)
        x, p, which = x[some], p[some], which[some]
        codes, own_code = np.unique(which, return_inverse=True)
        order = np.argsort(own_code, kind="stable")
        place = np.empty(len(which), dtype=np.int64)
        place[order] = np.arange(len(which)) - np.searchsorted(own_code[order], np.arange(len(codes)))[own_code[order]]
        held = np.array([self._devices[names[code]] for code in codes.tolist()])
        counted = held[own_code] + place < max(1, self._reference.flows // DEVICE_SHARE)
        end = min(len(which), int(np.searchsorted(np.cumsum(counted), self._reference.flows - self._seen)) + 1)
        own = np.flatnonzero(counted[:end])
        self._counts += np.bincount(self._reference.bins(x[own], p[own]).ravel(), minlength=len(self._counts))
        self._devices.update(names[code] for code in which[own].tolist())
        self._seen += len(own)
        self._passed += end
        return end


def coded(devices: pa.Array) -> tuple[list[str], Longs]:
    """Return the distinct devices, and which each is."""
    codes = devices.fill_null("").dictionary_encode()
    return codes.dictionary.to_pylist(), codes.indices.to_numpy(zero_copy_only=False).astype(np.int64)


def _psis(blocks: Doubles, m: int, starts: Longs, draws: int, rng: np.random.Generator) -> Doubles:
    """Return the population stability index of each column, of the first `m` blocks against the others, then of draws.

    Shape:
        blocks: [n, bins]; returns: [draws + 1, columns].
    """
    n = len(blocks)
    mark = np.zeros((draws + 1, n))
    mark[0, :m] = 1.0
    np.put_along_axis(mark[1:], rng.random((draws, n)).argpartition(m - 1, axis=1)[:, :m], 1.0, axis=1)
    new = mark @ blocks
    return _psi(new, blocks.sum(axis=0) - new, starts)


def _psi(new: Doubles, old: Doubles, starts: Longs) -> Doubles:
    """Return the population stability index of each column.

    Shape:
        new, old: [..., bins]; returns: [..., columns].
    """
    wide = np.repeat(0.5 * np.diff(starts), np.diff(starts))

    def share(counts: Doubles) -> Doubles:
        flows = counts[..., : starts[1]].sum(axis=-1, keepdims=True)  # each flow has one bin of every column
        shares: Doubles = (counts + 0.5) / (flows + wide)
        return shares

    one, other = share(new), share(old)
    found: Doubles = np.add.reduceat((one - other) * np.log(one / other), starts[:-1], axis=-1)
    return found


def _as_great(values: Doubles) -> Longs:
    """Return how many of the values are as great as each; a draw of the same blocks may be rounded below another."""
    order = np.sort(values)
    return len(values) - np.searchsorted(order, values * (1 - 1e-9), "left")


def _edges(column: Column, values: npt.NDArray[np.float32]) -> Doubles:
    there = values[np.isfinite(values)].astype(np.float64)
    if column.codes:  # a bin for each code that was seen, and one for those between
        codes = np.unique(there)
        return np.unique(np.concatenate([codes - 0.5, codes + 0.5])) if len(codes) else np.zeros(1)
    return np.unique(np.quantile(there, QUANTILES)) if len(there) else np.zeros(1)
