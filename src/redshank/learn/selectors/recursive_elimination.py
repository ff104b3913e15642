"""Drop the least important features again and again, and keep the subset that did best.

In: features and classes. Out: of all subsets on the way, the one with the least error on held-out rows; the smallest of
equals.
Source: Guyon et al., "Gene Selection for Cancer Classification", Machine Learning 2002; a forest in place of a support
vector machine.
"""

from dataclasses import dataclass

import numpy as np

from redshank.learn.model import Classes, Floats
from redshank.learn.selector import Mask, Selector, Trial


@dataclass(frozen=True)
class RecursiveElimination(Selector):
    """Eliminates a share of what is left in each round.

    Args:
        share: Share that goes per round, above 0, below 1; one feature at least.
    """

    share: float = 0.15

    def select(self, x: Floats, y: Classes, seed: int) -> Mask:
        """Eliminate down to one feature, then look back."""
        trial, left = Trial(x, y, seed), np.arange(x.shape[1])
        best, least = left, np.inf
        while len(left):
            features = tuple(left.tolist())
            error = trial.error(features)
            if error <= least:
                best, least = left, error
            importance = trial.forest(features).feature_importances_
            left = np.sort(left[np.argsort(importance, kind="stable")[max(1, int(self.share * len(left))) :]])
        kept = np.zeros(x.shape[1], dtype=bool)
        kept[best] = True
        return kept
