"""Ask about what is typical of places without a label: the first questions of a site that has none.

Source: Hacohen, Dekel, Weinshall, "Active Learning on a Budget", ICML 2022 (TypiClust). We differ: groups are found on
a sample and by k-means on small batches. scikit-activeml's TypiClust groups the whole pool, labelled rows included, in
each round and holds utilities for every question and row.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from redshank.active.spread import Floats, groups, sample, typical_first
from redshank.active.strategy import Pool, Strategy

LOOKED = 6_000  # candidates that are grouped; the first centers are as many distances from each
GROUPS = 500  # at most, as published


class Typical(Strategy):
    """As many groups as labels and questions; the least covered and largest first, of each its most typical row."""

    looks_at: ClassVar[tuple[str, ...]] = ("points",)

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick typical rows of places without a label; see `Strategy.query`."""
        return typical_rows(pool.points, pool.known.points, size, seed)


def typical_rows(points: Floats, known: Floats, size: int, seed: int) -> npt.NDArray[np.int64]:
    """Pick typical rows of places without a label.

    Args:
        points: Where the candidates lie.
        known: Where labels lie.
        size: How many rows.
        seed: Of the sample that is looked at, and of the groups.

    Shape:
        points: [n, d]; known: [m, d]; returns: [min(size, n)] int64.
    """
    at = sample(len(points), max(LOOKED, size), seed)
    group, covered = groups(points[at], known, min(len(known) + size, GROUPS), seed)
    return at[typical_first(points[at], group, covered, size, seed)]
