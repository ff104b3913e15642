"""What a query strategy is: it picks the rows whose labels would help most.

In: the candidates of a pool, what the present model thinks of them, where they lie, and the labels given so far. Out:
the rows to ask the analyst about, the most useful first. A strategy never sees a label that was not asked for.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from redshank.core.registry import Kind


@dataclass(frozen=True)
class Known:
    """The labels given so far.

    Args:
        points: Where their rows lie, in the coordinates of `Pool.points`. [m, d] float32
        y: Their classes. [m] int64
        anomaly: How unusual they are, as `Pool.anomaly`. [m] float32
    """

    points: npt.NDArray[np.float32]
    y: npt.NDArray[np.int64]
    anomaly: npt.NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of labels."""
        return len(self.y)


@dataclass(frozen=True)
class Pool:
    """The unlabelled candidates of one round.

    Args:
        x: Raw feature values, NaN where absent. [n, c] float32
        probabilities: The present model's class probabilities. [n, k] float32
        points: Where each lies; their distances mean something, see `active/embedding.py`. [n, d] float32
        anomaly: How unusual each is, known without any label; 0 to 1, high = unusual. [n] float32
        known: The labels given so far.
    """

    x: npt.NDArray[np.float32]
    probabilities: npt.NDArray[np.float32]
    points: npt.NDArray[np.float32]
    anomaly: npt.NDArray[np.float32]
    known: Known

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.x)

    def take(self, at: npt.NDArray[np.int64]) -> "Pool":
        """Return some of the candidates.

        Shape:
            at: [m] int64, 0 to n - 1.
        """
        return Pool(self.x[at], self.probabilities[at], self.points[at], self.anomaly[at], self.known)


class Strategy(ABC):
    """A query strategy."""

    looks_at: ClassVar[tuple[str, ...]] = ("probabilities", "points", "anomaly")
    """Which of these fields of a pool, and of what is known, it looks at; others are not computed for it."""

    @abstractmethod
    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick the rows to ask about, the most useful first.

        Args:
            pool: The candidates.
            size: How many to pick; all of them if the pool is smaller.
            seed: Makes ties and random draws repeatable.

        Shape:
            returns: [min(size, n)] distinct row numbers of the pool.
        """

    def drawn(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Return which rows of `query` chance alone put there: a fair sample of the pool, whatever a model thinks.

        None, unless a strategy says so. The arguments are those of `query`.

        Shape:
            returns: [at most size] distinct row numbers of the pool, each among those that `query` returns.
        """
        del pool, size, seed
        return np.empty(0, np.int64)


STRATEGIES: Kind[Strategy] = Kind("redshank.active.strategies", Strategy, "query strategy")


def lowest_first(scores: npt.NDArray[np.floating[Any]], size: int, seed: int) -> npt.NDArray[np.int64]:
    """Return where scores are lowest, lowest first; equal ones in random order.

    In a deduplicated pool the neighbors of a doubtful row often have the very same score, and file order is no reason.

    Args:
        scores: Low is asked first.
        size: How many at most.
        seed: Of the order among equals.

    Shape:
        scores: [n]; returns: [min(size, n)] int64.

    Example:
        >>> lowest_first(np.array([0.3, 0.1, 0.2]), 2, seed=0).tolist()
        [1, 2]
    """
    ties = np.random.default_rng(seed).random(len(scores))
    return np.lexsort((ties, scores))[:size].astype(np.int64)


def interleaved(ranked: Sequence[npt.NDArray[np.int64]], shares: Sequence[float], size: int) -> npt.NDArray[np.int64]:
    """Merge lists so that any first part holds about the given share of each; what stands in several counts once.

    Args:
        ranked: Row numbers, the most useful first.
        shares: Of each list; they add up to 1.
        size: How many rows.

    Example:
        >>> interleaved([np.array([9, 1]), np.array([1, 2, 3])], [0.25, 0.75], 4).tolist()
        [1, 9, 2, 3]
    """
    taken: dict[int, None] = {}
    places = [0] * len(ranked)
    debts = np.zeros(len(ranked))
    while len(taken) < size and any(place < len(rows) for place, rows in zip(places, ranked, strict=True)):
        debts += shares
        for i in np.argsort(-debts, kind="stable").tolist():
            while places[i] < len(ranked[i]) and int(ranked[i][places[i]]) in taken:
                places[i] += 1
            if places[i] < len(ranked[i]):
                taken[int(ranked[i][places[i]])] = None
                debts[i] -= 1
                break
    return np.array(list(taken), dtype=np.int64)
