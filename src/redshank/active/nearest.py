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
    ids, others = queue.answered(question)
    if not ids:
        return []
    x, categories = question.values, np.zeros(others.shape[1], dtype=np.bool_)
    found = _feature_set(question.feature_set)
    if found is not None and found.fingerprint() == question.fingerprint:
        if found.remembers:  # the last step is the flow itself
            x, others = x[-len(found.columns) :], others[:, -len(found.columns) :]
        categories = np.tile([column.codes > 0 for column in found.columns], others.shape[1] // len(found.columns))
    order = np.argsort(distances(x, others, categories), kind="stable")
    return [ids[at] for at in order.tolist() if ids[at] != question.id]


def distances(x: Floats, others: Floats, categories: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Return how far each of others is: 0, like it in every column, to 1.

    Args:
        x: Raw feature values, NaN where absent.
        others: Those of others; ranks are among these.
        categories: Which columns are codes.

    Shape:
        x, categories: [c]; others: [m, c], m at least 1; returns: [m].

    Example:
        >>> others = np.float32([[1, 2], [10, 2], [1000, 3], [np.nan, 2]])
        >>> distances(np.float32([12, 2]), others, np.array([False, True])).round(2).tolist()
        [0.25, 0.0, 0.63, 0.5]
    """
    apart = np.zeros(len(others))
    columns = np.ascontiguousarray(np.clip(others, -LARGEST, LARGEST).T)
    for own, column, category in zip(np.clip(x, -LARGEST, LARGEST), columns, categories, strict=True):
        there = ~np.isnan(column)
        if np.isnan(own) or not there.any():
            apart += there != ~np.isnan(own)
        elif category:
            apart += column != own
        else:
            edges, ranks = _ranks(np.sort(column)[: there.sum()])
            between = np.abs(np.interp(column, edges, ranks) - np.interp(own, edges, ranks))
            apart += np.where(there, between, 1.0)
    return apart / len(x)


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
