"""Ask about each family in turn, what lies on its border first: rare ones get as many questions as frequent ones.

Source: Beaugnon, Chifflier, Bach, "ILAB: An Interactive Labelling Strategy for Intrusion Detection", RAID 2017. We
differ: a family is what the present model takes a row for, and within it the smallest margin asks, not a likelihood.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from skactiveml.pool import uncertainty_scores

from redshank.active.spread import in_turns
from redshank.active.strategy import Pool, Strategy


class Quotas(Strategy):
    """Families in turn, those with the fewest labels first; within one the smallest margin first."""

    looks_at: ClassVar[tuple[str, ...]] = ("probabilities",)

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick equal shares of the families; see `Strategy.query`."""
        margin = -uncertainty_scores(pool.probabilities, method="margin_sampling")
        labels = np.bincount(pool.known.y, minlength=pool.probabilities.shape[1])
        return in_turns(pool.probabilities.argmax(axis=1), margin, size, seed, labels)
