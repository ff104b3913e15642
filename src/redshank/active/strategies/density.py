"""Ask what is uncertain in a crowd rather than alone: an answer that stands for many rows.

Source: Settles and Craven, "An Analysis of Active Learning Strategies for Sequence Labeling Tasks", EMNLP 2008
(information density). We differ: likeness is that to the nearest rows of a sample, not to all, as in Zhu, Wang, Yao,
Tsou, COLING 2008, and only the most uncertain candidates are compared.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from skactiveml.pool import uncertainty_scores

from redshank.active.spread import mean_distance, sample
from redshank.active.strategy import Pool, Strategy, lowest_first

COMPARED = 5_000  # candidates whose density is found
AMONG = 2_000  # rows that they are compared with


class Density(Strategy):
    """Highest entropy times likeness to its neighbors first."""

    looks_at: ClassVar[tuple[str, ...]] = ("probabilities", "points")

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick uncertain rows of crowds; see `Strategy.query`."""
        entropy = uncertainty_scores(pool.probabilities, method="entropy")
        at = lowest_first(-entropy, max(COMPARED, size), seed)
        apart = mean_distance(pool.points[at], pool.points[sample(len(pool), AMONG, seed)])
        likeness = 1 / (1 + apart / (apart.mean() or 1.0))
        return at[lowest_first(-entropy[at] * likeness, size, seed)]
