"""Random forest: trees on resampled rows, each split the best of a random few columns.

In: raw values. Out: class probabilities.
The one idea: trees that err differently err less together.
Source: Breiman, "Random Forests", Machine Learning 2001, by scikit-learn.
"""

from sklearn.ensemble import RandomForestClassifier

from redshank.learn.forest import Forest


class RandomForest(Forest):
    """Random forest, see `Forest`."""

    kind = RandomForestClassifier
