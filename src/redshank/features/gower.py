"""How far flows are from others: Gower's distance of raw feature values, with nothing fitted before.

In: raw feature values of some flows, once, then of others. Out: distances, 0 to 1. The one idea: numbers stand at
their ranks among the first, in `LEVELS` quantiles with straight lines between them, so that bytes do not drown seconds;
categories, and whether a value is there at all, are alike or not; the distance is the mean of the columns.
Source: Gower, "A general coefficient of similarity and some of its properties", Biometrics 27, 1971. We differ: ranks
for values over their range, which one far value would stretch.
"""

import numpy as np
import numpy.typing as npt

LEVELS = 64
LARGEST = np.float32(1e30)
"""Infinite values count as this."""
ABSENT = -2.0
"""Further than 1 from every rank, code and `STRANGE`: so a distance of 1."""
STRANGE = -1.0
"""A category that none of the flows has."""

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]


class Gower:
    """Flows that others are compared with.

    Args:
        known: Their raw feature values, NaN where absent; ranks are among these.
        categories: Which columns are codes.

    Shape:
        known: [m, c], m at least 1; categories: [c].
    """

    def __init__(self, known: Floats, categories: Bools) -> None:
        self._categories = categories.tolist()
        self._edges, self._ranks = [], []
        for column, category in zip(np.clip(known, -LARGEST, LARGEST).T, self._categories, strict=True):
            there = np.sort(column[~np.isnan(column)])
            edges, ranks = _codes(there) if category else _ranks(there)
            self._edges.append(edges)
            self._ranks.append(ranks)
        self._known = self._placed(known)

    def distances(self, x: Floats) -> Floats:
        """Return how far each flow is from each known one: 0, like it in every column, to 1.

        Shape:
            x: [n, c]; returns: [n, m].

        Example:
            >>> known = np.float32([[1, 2], [10, 2], [1000, 3], [np.nan, 2]])
            >>> Gower(known, np.array([False, True])).distances(np.float32([[12, 2]])).round(2)
            array([[0.25, 0.  , 0.63, 0.5 ]], dtype=float32)
        """
        apart = np.zeros((len(x), self._known.shape[1]), np.float32)
        one = np.empty_like(apart)
        for own, known in zip(self._placed(x), self._known, strict=True):
            np.subtract(own[:, None], known, out=one)
            np.abs(one, out=one)
            np.minimum(one, 1.0, out=one)
            apart += one
        return apart / np.float32(len(self._known))

    def _placed(self, x: Floats) -> Floats:
        """Return ranks and codes, column by column.

        Shape:
            x: [n, c]; returns: [c, n].
        """
        placed = np.full(x.shape[::-1], ABSENT, np.float32)
        columns = zip(np.clip(x, -LARGEST, LARGEST).T, self._categories, self._edges, self._ranks, strict=True)
        for at, (values, category, edges, ranks) in enumerate(columns):
            there = ~np.isnan(values)
            if category:
                place = np.minimum(np.searchsorted(edges, values[there]), len(edges) - 1)
                placed[at, there] = np.where(edges[place] == values[there], ranks[place], STRANGE)
            else:
                placed[at, there] = np.interp(values[there], edges, ranks)
        return placed


def _codes(ordered: Floats) -> tuple[Floats, npt.NDArray[np.float64]]:
    """Return the distinct values and a number for each; NaN, which is like nothing, if there are none."""
    edges = np.unique(ordered) if len(ordered) else np.full(1, np.nan, np.float32)
    return edges, np.arange(len(edges), dtype=np.float64)


def _ranks(ordered: Floats) -> tuple[Floats, npt.NDArray[np.float64]]:
    """Return quantiles of values, each once, and their ranks: 0 to 1, of equal ones the middle.

    Shape:
        ordered: [m], lowest first; returns: [q], [q], q at least 1 and at most LEVELS + 1.
    """
    if not len(ordered):
        return np.zeros(1, np.float32), np.zeros(1)
    at = np.linspace(0, len(ordered) - 1, LEVELS + 1).astype(np.int64)
    edges, count = np.unique(ordered[at], return_counts=True)
    return edges, (np.cumsum(count) - (count + 1) / 2) / LEVELS
