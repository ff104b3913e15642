"""Extremely randomized trees: all rows, and each split the best of random cuts.

In: raw values. Out: class probabilities.
The one idea: cuts that do not follow the training rows so closely fit rows of another kind better. As published, a cut
falls anywhere between the least and the largest value, which of byte counts up to billions leaves every flow on one
side. Ours falls between quantiles: the trees grow on ranks, and each threshold becomes the value at that rank.
Source: Geurts, Ernst, Wehenkel, "Extremely Randomized Trees", Machine Learning 2006, by scikit-learn.
"""

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier

from redshank.learn.forest import Forest
from redshank.learn.model import Classes, Floats


class ExtraTrees(Forest):
    """Extremely randomized trees, see `Forest`.

    Args:
        quantiles: How many values of a column cuts are drawn from, evenly by rank; 0 draws them as published.
    """

    kind = ExtraTreesClassifier
    quantiles: int = 1024

    def problems(self) -> list[str]:
        """See `Forest.problems`."""
        return [f"quantiles: {self.quantiles} is not 0 or more"] * (self.quantiles < 0)

    def grow(self, x: Floats, y: Classes, weight: Floats | None) -> None:
        """Grow on ranks; what comes out compares raw values."""
        if not self.quantiles:
            return super().grow(x, y, weight)
        edges = [_edges(column, self.quantiles) for column in x.T]
        ranks = [np.searchsorted(at, column).astype(np.float32) for at, column in zip(edges, x.T, strict=True)]
        # A rank is the number of edges below a value: at most k of them are if and only if the value is edge k or less.
        super().grow(np.where(np.isnan(x), x, np.stack(ranks, axis=1)), y, weight)
        for tree in self.forest_.estimators_:
            held = tree.tree_
            for j, at in enumerate(edges):  # a leaf has no column
                nodes = np.flatnonzero((held.feature == j) & np.isfinite(held.threshold))
                held.threshold[nodes] = at[held.threshold[nodes].astype(np.int64)]
        return None


def _edges(column: Floats, most: int) -> Floats:
    there = np.sort(column[~np.isnan(column)])
    return np.unique(there[np.linspace(0, len(there) - 1, most).astype(np.int64)]) if len(there) else there
