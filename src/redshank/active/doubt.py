"""Which labels may be wrong: a forest that did not see a label says how well it fits.

In: rows, the labels that were given, a seed. Out: how probably each label is wrong. The one idea: a wrong answer gives
a label that rows like this one never have, while a label on a border between two families is merely not the likeliest.
So the probability of the label itself counts, not whether another is larger: query strategies ask about borders, and
there a third of all true labels loses to another family. How much a small probability means depends on how often
answers are wrong at all; that rate is estimated from the same probabilities until it explains itself. It finds answers
that are wrong by chance; who lies by a rule is found by canary questions, see `guard.trust`.
Source: Northcutt, Jiang, Chuang, "Confident Learning", JAIR 2021 (out-of-sample probabilities; prune by noise rate).
We differ: one rate for all classes, by expectation-maximization; a rare family has too few labels for a rate of its
own.
"""

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from redshank.learn.model import Classes, Floats

TREES = 100
SHARE = 0.25  # of the columns are looked at for each split, as in our forests
LARGEST = np.float32(1e30)  # infinite values count as this; scikit-learn adds up a column
SPARED = 4  # labels of each class: a rare family's first ones look wrong, and are the most useful there are
RATES = (1e-4, 0.5)  # between which the rate of wrong answers is sought
GUESS = 0.1  # from where
STEPS = 50
DOUBTFUL = 0.5
"""From where on a label is not trained on, and asked about again."""


def doubtful(x: Floats, y: Classes, n_classes: int, seed: int) -> Floats:
    """Say how probably each label is wrong.

    Each tree of the forest judges the rows that it was not grown on. The `SPARED` labels of a class that fit best are
    never in doubt, so no class loses all its labels.

    Args:
        x: Raw feature values of the labelled rows, NaN where absent.
        y: Their labels, 0 to n_classes - 1.
        n_classes: Number of classes.
        seed: Of the forest.

    Shape:
        x: [m, c] float32; y: [m] int64; returns: [m] float32, 0 to 1.

    Example:
        >>> x = np.repeat(np.float32([[0.0], [1.0]]), 20, axis=0)
        >>> y = np.repeat([0, 1], 20)
        >>> y[3] = 1
        >>> np.flatnonzero(doubtful(x, y, 2, seed=0) > 0.5).tolist()
        [3]
    """
    if len(np.unique(y)) < 2:
        return np.zeros(len(y), np.float32)
    wrong = _wrong(_unseen(x, y, seed), n_classes)
    order = np.lexsort((wrong, y))
    place = np.arange(len(y)) - np.searchsorted(y[order], y[order])  # within its class, the least doubtful first
    wrong[order[place < SPARED]] = 0.0
    return wrong


def _unseen(x: Floats, y: Classes, seed: int) -> Floats:
    """Return how probable its label is for each row, by the trees that were not grown on it.

    Shape:
        returns: [m] float32; 1 where every tree saw the row.
    """
    finite = np.ascontiguousarray(np.clip(x, -LARGEST, LARGEST), np.float32)
    forest = RandomForestClassifier(TREES, max_features=SHARE, random_state=seed).fit(finite, y)
    at = np.searchsorted(forest.classes_, y)
    found, heard = np.zeros(len(y)), np.zeros(len(y))
    for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        out = np.bincount(drawn, minlength=len(y)) == 0
        found += np.where(out, tree.predict_proba(finite, check_input=False)[np.arange(len(y)), at], 0.0)
        heard += out
    return np.where(heard > 0, found / np.maximum(heard, 1), 1.0).astype(np.float32)


def _wrong(given: Floats, n_classes: int) -> Floats:
    """Return how probably each label is wrong, if a wrong answer is any other class alike.

    Args:
        given: Probability of the label that was given, by who did not see it.
        n_classes: Number of classes.
    """
    p = np.clip(given.astype(np.float64), 1e-6, 1 - 1e-6)
    rate = GUESS
    for _ in range(STEPS):
        by_mistake = rate / (n_classes - 1) * (1 - p)
        wrong = by_mistake / (by_mistake + (1 - rate) * p)
        rate = float(np.clip(wrong.mean(), *RATES))
    return wrong.astype(np.float32)
