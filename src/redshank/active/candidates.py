"""Flows that may be asked about, of a stream of any length, in bounded memory.

In: FLOW batches and their features. Out: at most so many of them, no two alike to a model. The one idea: each distinct
vector has a number drawn from its own bits and a seed, and the lowest numbers are kept. So a vector that comes a
million times is one candidate, every vector is as likely to be kept as any other, and neither the order nor the size
of batches matters.
Source: Cohen and Kaplan, "Summarizing data using bottom-k sketches", PODC 2007; the mixing of bits is SplitMix64
(Steele, Lea, Flood, OOPSLA 2014).
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.schema import FLOW
from redshank.flows.ended import ended

Draws = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float32]
SLACK = 1.25  # times the wanted number are held before the highest numbers go: to sort seldom is cheap
AT_ONCE = 1_024
"""Flows that wait to be drawn among: ten cost as much as a thousand."""


class Candidates:
    """A sample of the distinct vectors of a stream, each with the first flow that had it.

    Args:
        most: How many are kept.
        seed: Of the draw.
        without: Vectors that are not wanted. [m, c] float32, or None
    """

    def __init__(self, most: int, seed: int = 0, without: Floats | None = None) -> None:
        self._most, self._seed = most, seed
        self._without = np.empty(0, np.uint64) if without is None else draws(without, seed)
        self._draws = np.empty(0, np.uint64)
        self._x: list[Floats] = []
        self._flows: list[pa.RecordBatch] = []
        self._limit: np.uint64 | None = None
        self._seen = self._rows = 0
        self._waiting: list[tuple[pa.RecordBatch, Floats]] = []

    @property
    def flows_seen(self) -> int:
        """How many flows were taken in, interim rows not counted."""
        self._draw()
        return self._seen

    def add(self, flows: pa.RecordBatch, x: Floats) -> None:
        """Take in FLOW rows and their features; interim rows are passed over.

        Shape:
            x: [n, c] float32; n rows of `flows`.
        """
        self._waiting.append((flows, x))
        self._rows += len(x)
        if self._rows >= AT_ONCE:
            self._draw()

    def _draw(self) -> None:
        if not self._rows:
            return
        flows = pa.concat_batches([one for one, _ in self._waiting])
        x = np.concatenate([one for _, one in self._waiting])
        self._waiting, self._rows = [], 0
        final: npt.NDArray[np.bool_] = ended(flows).to_numpy(zero_copy_only=False)
        self._seen += int(final.sum())
        drawn = draws(x, self._seed)
        rows = np.flatnonzero(final if self._limit is None else final & (drawn < self._limit))
        rows = rows[np.sort(np.unique(drawn[rows], return_index=True)[1])]
        rows = rows[~np.isin(drawn[rows], self._without) & ~np.isin(drawn[rows], self._draws)]
        if not len(rows):
            return
        self._draws = np.concatenate([self._draws, drawn[rows]])
        self._x.append(x[rows])
        self._flows.append(flows.take(pa.array(rows)))
        if len(self._draws) > SLACK * self._most:
            self._keep_lowest()

    def kept(self) -> tuple[pa.RecordBatch, Floats]:
        """Return the candidates in the order in which their vectors first came.

        Shape:
            returns: [m] FLOW rows and [m, c] float32, m at most `most`; [0, 0] if there was none.
        """
        self._draw()
        self._keep_lowest()
        if not self._x:
            return pa.RecordBatch.from_pylist([], schema=FLOW), np.empty((0, 0), np.float32)
        return self._flows[0], self._x[0]

    def _keep_lowest(self) -> None:
        if not self._x:
            return
        x, flows = np.concatenate(self._x), pa.concat_batches(self._flows)
        if len(x) > self._most:
            rows = np.sort(np.argpartition(self._draws, self._most - 1)[: self._most])
            self._draws, x, flows = self._draws[rows], x[rows], flows.take(pa.array(rows))
            self._limit = self._draws.max()
        self._x, self._flows = [x], [flows]


def draws(x: Floats, seed: int) -> Draws:
    """Return the number of each vector: equal for equal vectors, as if drawn at random for others.

    Any NaN equals any NaN, and -0 equals 0.

    Shape:
        x: [n, c] float32; returns: [n] uint64.

    Example:
        >>> same = draws(np.array([[0.0, np.nan], [-0.0, np.nan], [1.0, 2.0]], dtype=np.float32), seed=1)
        >>> bool(same[0] == same[1]), bool(same[0] == same[2])
        (True, False)
    """
    canonical = np.array(x, dtype=np.float32, order="C")
    canonical[canonical == 0] = 0
    canonical[np.isnan(canonical)] = np.nan
    state = np.full(len(x), seed, np.uint64)
    for column in canonical.view(np.uint32).T:
        state = (state ^ column) + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return state
