"""Extremely randomized trees: all rows, and each split the best of random cuts.

In: raw values. Out: class probabilities.
The one idea: cuts that do not follow the training rows so closely fit rows of another kind better.
Source: Geurts, Ernst, Wehenkel, "Extremely Randomized Trees", Machine Learning 2006, by scikit-learn.
"""

from sklearn.ensemble import ExtraTreesClassifier

from redshank.learn.forest import Forest


class ExtraTrees(Forest):
    """Extremely randomized trees, see `Forest`."""

    kind = ExtraTreesClassifier
