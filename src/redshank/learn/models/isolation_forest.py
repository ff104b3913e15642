"""Isolation forest: rows that few random cuts part from all others are odd.

In: benign rows. Out: 2 to the minus of how deep a flow falls on average, as a share of what is to be expected.
The one idea: no distance, no density; only how soon a flow stands alone.
Source: Liu, Ting, Zhou, "Isolation Forest", ICDM 2008, by scikit-learn. We differ: cuts are even in quantiles, not in
bytes, of which the largest flow alone would take nearly all; and trees see 4,096 rows, not 256.
"""

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.inputs import Plain
from redshank.learn.isolation import Isolation
from redshank.learn.model import Floats
from redshank.learn.one_class import OneClass

EULER = float(np.euler_gamma)


class IsolationForest(OneClass):
    """Random trees over encoded benign rows.

    Args:
        trees: How many, 1 or more.
        rows: Benign rows that each tree sees, 2 or more; all of them if there are fewer.
        bins: Most pieces of the quantile function of a number, 0 to 256; 0 standardizes instead.
        seed: Of rows and cuts.
    """

    trees: int = 100
    rows: int = 4096
    bins: int = 64

    def scorer(self, x: Floats, weight: Floats | None, columns: tuple[Column, ...]) -> nn.Module:
        """Grow the trees."""
        least = {"trees": 1, "rows": 2, "bins": 0}
        problems = [f"{n}: {getattr(self, n)} is not {m} or more" for n, m in least.items() if getattr(self, n) < m]
        if problems:
            raise ConfigError(problems)
        encode = Plain(x, columns, self.bins, torch.float32)
        rows = min(self.rows, len(x))
        forest = Isolation(n_estimators=self.trees, max_samples=rows, random_state=self.seed)
        forest.fit(encode(torch.from_numpy(x)).numpy(), sample_weight=weight)
        return _Depth(encode, forest, rows)


class _Depth(nn.Module):
    """Walks all trees at once, one level at a time."""

    feature: torch.Tensor
    threshold: torch.Tensor
    left: torch.Tensor
    right: torch.Tensor
    depth: torch.Tensor
    roots: torch.Tensor

    def __init__(self, encode: Plain, forest: Isolation, rows: int) -> None:
        super().__init__()
        self.encode = encode
        trees = [tree.tree_ for tree in forest.estimators_]
        first = np.cumsum([0, *(tree.node_count for tree in trees)])
        leaf = np.concatenate([tree.children_left for tree in trees]) < 0
        own = np.arange(first[-1])
        offset = np.repeat(first[:-1], np.diff(first))
        left, right = (
            np.where(leaf, own, np.concatenate([getattr(tree, name) for tree in trees]) + offset)
            for name in ("children_left", "children_right")
        )
        feature = np.concatenate([tree.feature for tree in trees])
        threshold = np.concatenate([tree.threshold for tree in trees])
        held = np.concatenate([tree.n_node_samples for tree in trees])
        level = np.zeros(len(own))
        for node in np.flatnonzero(~leaf):  # a parent stands before its children
            level[[left[node], right[node]]] = level[node] + 1
        self.levels = int(level.max())
        self.per_depth = -math.log(2) / (float(_expected(np.array([rows]))[0]) or 1.0)
        self.register_buffer("feature", torch.from_numpy(np.where(leaf, 0, feature)))
        self.register_buffer("threshold", torch.from_numpy(threshold))
        self.register_buffer("left", torch.from_numpy(left))
        self.register_buffer("right", torch.from_numpy(right))
        self.register_buffer("depth", torch.from_numpy(level + _expected(held)))
        self.register_buffer("roots", torch.from_numpy(first[:-1].astype(np.int64)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = self.encode(x).to(torch.float64)
        node = self.roots.expand(z.shape[0], -1)
        for _ in range(self.levels):
            below = z.gather(1, self.feature[node]) <= self.threshold[node]
            node = torch.where(below, self.left[node], self.right[node])
        return torch.exp(self.depth[node].mean(dim=1) * self.per_depth)


def _expected(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Return how deep one of `rows` rows lies on average in a random tree; a leaf of them adds as much."""
    n = np.maximum(rows, 2).astype(np.float64)
    many = 2 * (np.log(n - 1) + EULER) - 2 * (n - 1) / n
    found: npt.NDArray[np.float64] = np.where(rows > 2, many, (rows == 2).astype(np.float64))
    return found
