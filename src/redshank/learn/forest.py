"""Forests of scikit-learn behind the contract of a model.

In: raw values; trees need no scaling, and take absent numbers as they are. Out: the mean of what the trees say.
The one idea: a forest on disk is all its leaves, so their number is bounded, not the depth.
"""

from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar, Self

import numpy as np
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.utils.validation import check_is_fitted

from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.model import Classes, Floats, Model, check_rows
from redshank.learn.trees import forest_graph, known

LARGEST = np.finfo(np.float32).max
"""Infinite values, which scikit-learn refuses, count as this; no threshold lies beyond."""


class Forest(Model):
    """Trees that differ by chance. A warm start is a new forest.

    Args:
        trees: How many, 1 or more.
        leaves: Most leaves per tree, 2 or more.
        leaf_rows: Fewest training rows in a leaf, 1 or more.
        share: Share of the columns that are looked at for each split, above 0, at most 1.
        seed: Of rows, columns and cuts.
    """

    kind: ClassVar[type[RandomForestClassifier | ExtraTreesClassifier]]
    trees: int = 100
    leaves: int = 4096
    leaf_rows: int = 1
    share: float = 0.25
    seed: int = 0
    forest_: RandomForestClassifier | ExtraTreesClassifier = field(init=False)

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,  # noqa: ARG002  more trees are never worse
        warm_start: bool = False,  # noqa: ARG002  trees that know only old rows would stay
        steps: int = 1,
    ) -> Self:
        """Grow the trees.

        Raises:
            ConfigError: If a setting is out of range.
            ValueError: If the rows do not fit the columns or the classes.
        """
        least = {"trees": 1, "leaves": 2, "leaf_rows": 1}
        problems = [f"{n}: {getattr(self, n)} is not {m} or more" for n, m in least.items() if getattr(self, n) < m]
        if not 0 < self.share <= 1:
            problems.append(f"share: {self.share} is not above 0 and at most 1")
        problems += self.problems()
        if problems:
            raise ConfigError(problems)
        check_rows(x, y, columns, n_classes, steps)
        self.columns_ = tuple(columns) * steps
        self.forest_ = self.kind(
            self.trees,
            max_leaf_nodes=self.leaves,
            min_samples_leaf=self.leaf_rows,
            max_features=self.share,
            random_state=self.seed,
        )
        self.grow(self._finite(x), y, weight)
        self.classes_ = np.arange(n_classes)
        self.curve_ = []
        return self

    def problems(self) -> list[str]:
        """Say what is wrong with the settings of a subclass, one line each."""
        return []

    def grow(self, x: Floats, y: Classes, weight: Floats | None) -> None:
        """Fit `forest_`; a subclass may tell it the rows in another way."""
        self.forest_.fit(x, y, sample_weight=weight)

    def predict_proba(self, x: Floats) -> Floats:
        """Return the mean of what the trees say."""
        check_is_fitted(self, "forest_")
        full = np.zeros((len(x), len(self.classes_)), dtype=np.float32)
        full[:, self.forest_.classes_] = self.forest_.predict_proba(self._finite(x))
        return full

    def to_onnx(self) -> bytes:
        """Return the graph: unknown codes, then trees."""
        check_is_fitted(self, "forest_")
        trees = [tree.tree_ for tree in self.forest_.estimators_]
        return forest_graph(trees, self.forest_.classes_, self.columns_, len(self.classes_))

    def _finite(self, x: Floats) -> Floats:
        return np.clip(known(x, self.columns_), -LARGEST, LARGEST)
