"""Bounds on what a few can do to the questions: caps per group of rows, and how far an analyst is believed.

In: which group each row of a pool is in (its device, or a cluster of rows that are nearly equal), and how many
questions a group may have. Out: an `Admit`. The one idea: who controls a share of the traffic can make it look as
doubtful as he likes, so doubt alone must not decide how many questions go there. A cap counts groups, not rows: more
rows of one kind gain nothing. Clusters do where rows have no device, or where anyone can claim as many as he likes.
A flood that is spread over half of the clusters is not bounded by them, only by devices. What wrong answers do is
bounded by trust: canary questions show who lies, his answers wait for a second analyst (`quarantine`), and
`promote.py` lets no model pass that misses a canary.
"""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from redshank.active.caps import Rows
from redshank.active.spread import groups
from redshank.learn.model import Floats

CLUSTERS = 256
LEVEL = 0.95
BELIEVED = 0.5
"""Trust below which an analyst's answers wait for a second one."""


def clusters(points: Floats, seed: int, count: int = CLUSTERS) -> Rows:
    """Return the cluster of each row of a pool.

    Args:
        points: Where the rows lie, see `embedding.py`.
        seed: Of the first centers.
        count: How many at most.

    Shape:
        points: [n, d]; returns: [n] int64.
    """
    return groups(points, points[:0], count, seed)[0]


def within(source: Rows, most: int) -> np.typing.NDArray[np.bool_]:
    """Return which answers count, if each analyst may give so many: his first ones.

    Args:
        source: Who gave each answer, in the order of answering.
        most: Answers of one analyst, 0 or more.

    Example:
        >>> within(np.array([0, 1, 0, 0]), 2).tolist()
        [True, True, True, False]
    """
    order = np.argsort(source, kind="stable")
    place = np.empty(len(source), np.int64)
    place[order] = np.arange(len(source)) - np.searchsorted(source[order], source[order])
    return place < most


def trust(right: int, asked: int, level: float = LEVEL) -> float:
    """Return how often an analyst is right at least, from canary questions: rows whose truth is known.

    He does not know which questions they are. Without any he is not trusted: 0.

    Args:
        right: Canary questions that he answered rightly.
        asked: Canary questions that he answered.
        level: Of the one-sided Clopper-Pearson bound.

    Example:
        >>> [round(trust(right, 20), 2) for right in (20, 18, 10)], trust(0, 0)
        ([0.86, 0.72, 0.3], 0.0)
    """
    return float(stats.beta.ppf(1 - level, right, asked - right + 1)) if right else 0.0


def quarantine(doubt: Floats, source: Rows, trusted: Sequence[float]) -> Floats:
    """Return the doubts, 1 for what someone said who is not believed: the loop leaves it out until another confirms.

    Args:
        doubt: How probably each label is wrong, by `doubtful`.
        source: Who gave each label.
        trusted: The trust of each analyst.

    Example:
        >>> quarantine(np.zeros(3, np.float32), np.array([0, 1, 0]), [0.9, 0.2]).tolist()
        [0.0, 1.0, 0.0]
    """
    return np.where(np.asarray(trusted)[source] < BELIEVED, np.float32(1.0), doubt)
