"""Which flows that people judged are most like another one, told with numpy alone.

In: raw feature values of a flow, and of others. Out: how far each is. The one idea: distances are Gower's. Numbers
stand at their ranks among the others, in `LEVELS` quantiles with straight lines between them, so that bytes do not
drown seconds; categories, and whether a value is there at all, are alike or not; the distance is the mean of the
columns. Nothing is fitted before, so it serves where `active/embedding.py` cannot: in a console, in a terminal.
Source: Gower, "A general coefficient of similarity and some of its properties", Biometrics 27, 1971. We differ: ranks
for values over their range, which one far value would stretch.
"""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from redshank.features.feature_set import FEATURE_SETS, FeatureSet
from redshank.store.answered import Rows
from redshank.store.question import Question
from redshank.store.queue import Queue

LEVELS = 64
LARGEST = np.float32(1e30)
"""Infinite values count as this."""

Floats = npt.NDArray[np.float32]


def nearest(queue: Queue, question: Question) -> list[str]:
    """Return the questions that were answered last and have the same features, the most like one first.

    Whether an answer stands is not looked at.

    Args:
        queue: The store.
        question: What they are compared with; it is not among them.
    """
    rows = queue.answered(question)
    if not rows.ids:
        return []
    x, found = question.values, _feature_set(question.feature_set)
    if found is not None and found.fingerprint() != question.fingerprint:
        found = None
    if found is not None and found.remembers:  # the last step is the flow itself
        x = x[-len(found.columns) :]
    order = np.argsort(_placed(rows, found).distances(x), kind="stable")
    return [rows.ids[at] for at in order.tolist() if rows.ids[at] != question.id]


class Placed:
    """Flows at their ranks among each other, so that another one is soon compared with them.

    Args:
        others: Raw feature values, NaN where absent.
        categories: Which columns are codes.

    Shape:
        others: [m, c], m at least 1; categories: [c].
    """

    def __init__(self, others: Floats, categories: npt.NDArray[np.bool_]) -> None:
        self._categories = categories
        columns = np.ascontiguousarray(np.clip(others, -LARGEST, LARGEST).T)
        self._there = ~np.isnan(columns)
        self._scales = [
            None if category or not there.any() else _ranks(np.sort(column)[: there.sum()])
            for column, there, category in zip(columns, self._there, categories, strict=True)
        ]
        self._at = np.stack(
            [
                column if scale is None else np.interp(column, *scale).astype(np.float32)
                for column, scale in zip(columns, self._scales, strict=True)
            ]
        )

    def distances(self, x: Floats) -> npt.NDArray[np.float64]:
        """Return how far each flow is: 0, like it in every column, to 1.

        Args:
            x: Raw feature values of another one.

        Shape:
            x: [c]; returns: [m].

        Example:
            >>> others = np.float32([[1, 2], [10, 2], [1000, 3], [np.nan, 2]])
            >>> Placed(others, np.array([False, True])).distances(np.float32([12, 2])).round(2).tolist()
            [0.25, 0.0, 0.63, 0.5]
        """
        apart = np.zeros(self._at.shape[1])
        x = np.clip(x, -LARGEST, LARGEST)
        for own, at, there, scale in zip(x, self._at, self._there, self._scales, strict=True):
            if np.isnan(own) or not there.any():
                apart += there != ~np.isnan(own)
            elif scale is None:
                apart += at != own
            else:
                apart += np.where(there, np.abs(at - np.float32(np.interp(own, *scale))), 1.0)
        return apart / len(x)


@lru_cache(maxsize=4)
def _placed(rows: Rows, found: type[FeatureSet] | None) -> Placed:
    """Place those that were answered last; they are the same until another one is answered."""
    others, categories = rows.values, np.zeros(rows.values.shape[1], dtype=np.bool_)
    if found is not None:
        if found.remembers:
            others = others[:, -len(found.columns) :]
        categories = np.tile([column.codes > 0 for column in found.columns], others.shape[1] // len(found.columns))
    return Placed(others, categories)


@lru_cache(maxsize=8)
def _feature_set(name: str) -> type[FeatureSet] | None:
    """Return what a name stands for; None if this installation has no such feature set."""
    return FEATURE_SETS.find(name) if name in FEATURE_SETS.names() else None


def _ranks(ordered: Floats) -> tuple[Floats, npt.NDArray[np.float64]]:
    """Return quantiles of values, each once, and their ranks: 0 to 1, of equal ones the middle.

    Shape:
        ordered: [m], lowest first, m at least 1; returns: [q], [q], q at most LEVELS + 1.
    """
    at = np.linspace(0, len(ordered) - 1, LEVELS + 1).astype(np.int64)
    edges, count = np.unique(ordered[at], return_counts=True)
    return edges, (np.cumsum(count) - (count + 1) / 2) / LEVELS
