"""What a query strategy is: it picks the rows whose labels would help most.

In: the candidates of a pool and what the present model thinks of them. Out: the rows to ask the analyst about. A
strategy never sees a label that was not asked for.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redshank.core.registry import Kind


@dataclass(frozen=True)
class Pool:
    """The unlabelled candidates of one round.

    Args:
        x: Raw feature values, NaN where absent. [n, c] float32
        probabilities: The present model's class probabilities. [n, k] float32
    """

    x: npt.NDArray[np.float32]
    probabilities: npt.NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number of candidates."""
        return len(self.x)


class Strategy(ABC):
    """A query strategy."""

    @abstractmethod
    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick the rows to ask about.

        Args:
            pool: The candidates.
            size: How many to pick; all of them if the pool is smaller.
            seed: Makes ties and random draws repeatable.

        Shape:
            returns: [min(size, n)] distinct row numbers of the pool.
        """


STRATEGIES: Kind[Strategy] = Kind("redshank.active.strategies", Strategy, "query strategy")
