"""Ask about what is farthest from every label, so that no candidate is far from one in the end.

Source: Sener and Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set Approach", ICLR 2018 (its
greedy k-center). scikit-activeml's CoreSet holds utilities for every question and row, and works in float64.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from redshank.active.spread import farthest_first, nearest, sample
from redshank.active.strategy import Pool, Strategy

LOOKED = 50_000  # candidates whose distances to all labels are computed


class CoreSet(Strategy):
    """Farthest from labels and from what was just picked first."""

    looks_at: ClassVar[tuple[str, ...]] = ("points",)

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick rows far from all labels; see `Strategy.query`."""
        at = sample(len(pool), max(LOOKED, size), seed)
        points = pool.points[at]
        return at[farthest_first(points, nearest(points, pool.known.points), size)]
