"""What a selector is: it says which features of training rows a model needs.

In: rows of features and their classes; features are columns of the input or what a network has learned. Out: a mask.
The one idea: a selector sees numbers and classes only, so the same one serves both. How good a subset is says a small
forest on rows held out of the rows given.
"""

import functools
from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier

from redshank.core.registry import Kind
from redshank.learn.model import Classes, Floats

ROWS = 3000  # rows that a selector looks at: subsets are told apart on few, and hundreds of them are tried
TREES = 12
LARGEST = 1e30  # a forest takes no infinity

Mask = npt.NDArray[np.bool_]


class Selector(ABC):
    """Chooses features. Its settings are its fields."""

    @abstractmethod
    def select(self, x: Floats, y: Classes, seed: int) -> Mask:
        """Choose at least one feature.

        Args:
            x: Training rows; NaN where absent.
            y: Their classes.
            seed: The same seed chooses the same.

        Shape:
            x: [n, c] float32; y: [n] int64; returns: [c] bool.
        """


class Trial:
    """Judges subsets of features on the same few rows, each subset once.

    Args:
        x: Training rows.
        y: Their classes.
        seed: Of the rows drawn and of the forest.
    """

    def __init__(self, x: Floats, y: Classes, seed: int) -> None:
        self.seed = seed
        rows = np.random.default_rng(seed).permutation(len(x))[:ROWS]
        x = np.clip(x[rows], -LARGEST, LARGEST)
        cut = max(1, len(rows) * 2 // 3)
        self.x, self.y = x[:cut], y[rows[:cut]]
        self.held_x, self.held_y = (x[cut:], y[rows[cut:]]) if cut < len(rows) else (self.x, self.y)
        self.error = functools.cache(self._error)

    def _error(self, features: tuple[int, ...]) -> float:
        """Return the share of held-out rows that a forest on these features calls wrongly."""
        return float((self.forest(features).predict(self.held_x[:, features]) != self.held_y).mean())

    def forest(self, features: tuple[int, ...]) -> ExtraTreesClassifier:
        """Grow a small forest on these features."""
        forest = ExtraTreesClassifier(TREES, min_samples_leaf=2, random_state=self.seed)
        return forest.fit(self.x[:, features], self.y)


SELECTORS: Kind[Selector] = Kind("redshank.learn.selectors", Selector, "select")
