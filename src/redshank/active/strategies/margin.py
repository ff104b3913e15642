"""Ask where two classes are nearly as probable: what lies on a border.

Source: Scheffer, Decomain, Wrobel, IDA 2001; the scores are scikit-activeml's (https://scikit-activeml.github.io/).
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from skactiveml.pool import uncertainty_scores

from redshank.active.strategy import Pool, Strategy, lowest_first


class Margin(Strategy):
    """Smallest difference between the two most probable classes first."""

    looks_at: ClassVar[tuple[str, ...]] = ("probabilities",)

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick the rows nearest to a border; see `Strategy.query`."""
        return lowest_first(-uncertainty_scores(pool.probabilities, method="margin_sampling"), size, seed)
