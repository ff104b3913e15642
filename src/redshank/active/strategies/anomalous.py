"""Ask about what is unusual, one place after the other: rare attacks before any label names them.

Source: Pelleg and Moore, "Active Learning for Anomaly and Rare-Category Detection", NIPS 2004, for unusual rows first;
Gonzalez 1985 for the order among them.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from redshank.active.spread import farthest_first, nearest
from redshank.active.strategy import Pool, Strategy, lowest_first

TIMES = 10  # as many unusual rows as questions are looked at


class Anomalous(Strategy):
    """Of the most unusual rows those far from labels and from each other first; without labels the most unusual."""

    looks: ClassVar[bool] = False

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick unusual rows of different places; see `Strategy.query`."""
        at = lowest_first(-pool.anomaly, TIMES * size, seed)
        points = pool.points[at]
        return at[farthest_first(points, nearest(points, pool.known.points), size)]
