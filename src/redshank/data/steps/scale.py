"""Scaling: numbers to mean 0 and spread 1, to the range 0..1, or to median 0 and quartile range 1.

In: numbers as they are; categories are left alone. Out: (x - center) / spread, both from the training rows; absent
stays absent. A value beyond the training range goes beyond 0..1: clipping would hide that it is new.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt

from redshank.data.cleaning import INPUT, CleaningStep, Rows
from redshank.data.graph import Nodes
from redshank.features.feature_set import Column


class Scale(CleaningStep):
    """Shifts and stretches numbers."""

    ways: ClassVar = {"standard": INPUT, "minmax": INPUT, "robust": INPUT}

    def fit(self, rows: Rows, columns: Sequence[Column], n_classes: int) -> Self:
        """Learn center and spread of each number."""
        super().fit(rows, columns, n_classes)
        centers, spreads = [], []
        for j, column in enumerate(columns):
            present = rows.x[np.isfinite(rows.x[:, j]), j].astype(np.float64)
            center, spread = (0.0, 1.0) if column.codes or not len(present) else self._measure(present)
            centers.append(center)
            spreads.append(spread if spread > 0 else 1.0)
        self._center, self._per_spread = np.array(centers), 1 / np.array(spreads)
        self.columns_ = tuple(c if c.codes else replace(c, unit="1", heavy_tail=False) for c in columns)
        self.detail_ = f"{sum(not column.codes for column in columns)} numbers, {self.way}"
        return self

    def nodes(self, graph: Nodes, x: str) -> str:
        """Shift and stretch."""
        shifted = graph.add("Sub", x, graph.constant(self._center))
        return graph.add("Mul", shifted, graph.constant(self._per_spread))

    def _measure(self, present: npt.NDArray[np.float64]) -> tuple[float, float]:
        if self.way == "standard":
            return float(present.mean()), float(present.std())
        if self.way == "minmax":
            return float(present.min()), float(np.ptp(present))
        low, middle, high = np.quantile(present, (0.25, 0.5, 0.75))
        return float(middle), float(high - low)
