"""Keep the features that say most about the class, each by itself.

In: features and classes. Out: those with the most mutual information, estimated from nearest neighbors.
Wrong where two features say something only together.
Source: Ross, "Mutual Information between Discrete and Continuous Data Sets", PLoS ONE 2014.
"""

from dataclasses import dataclass

import numpy as np
from sklearn.feature_selection import mutual_info_classif

from redshank.learn.model import Classes, Floats
from redshank.learn.selector import ROWS, Mask, Selector


@dataclass(frozen=True)
class MutualInformation(Selector):
    """Keeps a share of the features.

    Args:
        share: Share that is kept, above 0, 1 at most.
    """

    share: float = 0.5

    def select(self, x: Floats, y: Classes, seed: int) -> Mask:
        """Keep the best of the features; absent values are a value below all others."""
        rows = np.random.default_rng(seed).permutation(len(x))[:ROWS]
        values, classes = x[rows].astype(np.float64), y[rows]
        # Ranks: the estimate measures distances, and byte counts span nine orders of magnitude.
        ranks = np.stack([np.unique(np.nan_to_num(v, nan=-np.inf), return_inverse=True)[1] for v in values.T], axis=1)
        told = mutual_info_classif(ranks / max(len(rows), 1), classes, discrete_features=False, random_state=seed)
        kept = np.zeros(x.shape[1], dtype=bool)
        kept[np.argsort(-told, kind="stable")[: max(1, round(self.share * x.shape[1]))]] = True
        return kept
