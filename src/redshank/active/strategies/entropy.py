"""Ask where the model's probabilities are spread over many classes.

Source: Shannon, 1948; Dagan and Engelson, ICML 1995, for asking by it; the scores are scikit-activeml's
(https://scikit-activeml.github.io/).
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from skactiveml.pool import uncertainty_scores

from redshank.active.strategy import Pool, Strategy, lowest_first


class Entropy(Strategy):
    """Highest entropy of the class probabilities first."""

    looks_at: ClassVar[tuple[str, ...]] = ("probabilities",)

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick the rows of highest entropy; see `Strategy.query`."""
        return lowest_first(-uncertainty_scores(pool.probabilities, method="entropy"), size, seed)
