"""Ask about what is typical of places without a label: the first questions of a site that has none.

Source: Hacohen, Dekel, Weinshall, "Active Learning on a Budget", ICML 2022 (TypiClust). We differ: groups are found on
a sample and by k-means on small batches. scikit-activeml's TypiClust groups the whole pool, labelled rows included, in
each round and holds utilities for every question and row.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from redshank.active.spread import groups, sample, typical_first
from redshank.active.strategy import Pool, Strategy

LOOKED = 20_000  # candidates that are grouped
GROUPS = 500  # at most, as published


class Typical(Strategy):
    """As many groups as labels and questions; the least covered and largest first, of each its most typical row."""

    looks: ClassVar[bool] = False

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick typical rows of places without a label; see `Strategy.query`."""
        at = sample(len(pool), max(LOOKED, size), seed)
        points, known = pool.points[at], pool.known
        group, covered = groups(points, known.points, min(len(known) + size, GROUPS), seed)
        return at[typical_first(points, group, covered, size, seed)]
