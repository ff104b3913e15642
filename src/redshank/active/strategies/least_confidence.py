"""Ask where the model's best guess is weakest: the query of the published loop.

Source: Lewis and Gale, SIGIR 1994; used by Mahdi and Khadhim for the BiLSTM. The scores are scikit-activeml's
(https://scikit-activeml.github.io/). We differ: equal scores are drawn at random instead of in file order.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from skactiveml.pool import uncertainty_scores

from redshank.active.strategy import Pool, Strategy, lowest_first


class LeastConfidence(Strategy):
    """Lowest probability of the most probable class first."""

    looks_at: ClassVar[tuple[str, ...]] = ("probabilities",)

    def query(self, pool: Pool, size: int, seed: int) -> npt.NDArray[np.int64]:
        """Pick the least confident rows; see `Strategy.query`."""
        return lowest_first(-uncertainty_scores(pool.probabilities, method="least_confident"), size, seed)
