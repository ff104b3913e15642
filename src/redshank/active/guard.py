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
from dataclasses import dataclass

import numpy as np
from scipy import stats

from redshank.active.query import Admit, Rows
from redshank.active.spread import groups
from redshank.learn.model import Floats

CLUSTERS = 256
LEVEL = 0.95
BELIEVED = 0.5
"""Trust below which an analyst's answers wait for a second one."""


@dataclass(frozen=True)
class Cap:
    """How many questions a group may have.

    Args:
        once: In one round, as a share of its questions, 0 to 1; one question at least.
        ever: Over all rounds, 1 or more.
        share: Of all questions so far, 0 to 1, where that is more than `ever`: a long campaign may come back.
    """

    once: float = 0.2
    ever: int = 20
    share: float = 0.02


class Guard(Admit):
    """Admits questions up to a cap for each group.

    Args:
        group_of: The group of each row of the pool, for each sort of group; all bind a row. A negative number is no
            group, and such rows are not bounded.
        caps: The cap of each sort.
        asked: Rows that were asked before.

    Raises:
        ValueError: If a cap admits nothing, or there is not one for each sort.

    Example:
        >>> guard = Guard([np.array([0, 0, 0, 1, 1])], [Cap(once=0.0, ever=2, share=0.0)])
        >>> for _ in range(3):
        ...     asked = guard(guard.still(np.arange(5)), 3)
        ...     guard.count(asked)
        ...     print(asked.tolist())
        [0, 3]
        [0, 3]
        []
    """

    def __init__(self, group_of: Sequence[Rows], caps: Sequence[Cap], asked: Rows | None = None) -> None:
        for cap in caps:
            if cap.ever < 1 or not (0 <= cap.once <= 1 and 0 <= cap.share <= 1):
                raise ValueError(f"{cap}: ever is 1 or more, once and share are 0 to 1")
        self._sorts = list(zip(group_of, caps, strict=True))
        self._had = [np.zeros(int(group.max(initial=-1)) + 1, np.int64) for group in group_of]
        self._asked = 0
        if asked is not None:
            self.count(asked)

    def still(self, rows: Rows) -> Rows:
        """See `Admit.still`: rows of groups that had all their questions are out."""
        may = np.ones(len(rows), np.bool_)
        for (group, cap), had in zip(self._sorts, self._had, strict=True):
            of = group[rows]
            may[of >= 0] &= had[of[of >= 0]] < self._most(cap)
        return rows[may]

    def __call__(self, rows: Rows, size: int) -> Rows:
        """See `Admit`: the first rows that no cap forbids."""
        now = [np.zeros_like(had) for had in self._had]
        most = [(max(1, int(cap.once * size)), self._most(cap)) for _, cap in self._sorts]
        admitted: list[int] = []
        for row in rows.tolist():
            if len(admitted) >= size:
                break
            at = [int(group[row]) for group, _ in self._sorts]
            if all(
                one < 0 or (new[one] < once and had[one] + new[one] < ever)
                for one, new, had, (once, ever) in zip(at, now, self._had, most, strict=True)
            ):
                admitted.append(row)
                for one, new in zip(at, now, strict=True):
                    if one >= 0:
                        new[one] += 1
        return np.array(admitted, dtype=np.int64)

    def count(self, rows: Rows) -> None:
        """See `Admit.count`."""
        self._asked += len(rows)
        for (group, _), had in zip(self._sorts, self._had, strict=True):
            np.add.at(had, group[rows][group[rows] >= 0], 1)

    def _most(self, cap: Cap) -> int:
        return max(cap.ever, int(cap.share * self._asked))


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
