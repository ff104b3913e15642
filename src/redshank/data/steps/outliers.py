"""Outliers: training rows far from the others are dropped, by quantiles, by quartiles or by an isolation forest.

In: training rows. Out: those that stay; which classes lose how many is reported. Rows to be judged are never dropped.
Wrong for most intrusion data, and here because studies do it: an attack often *is* the outlier, and what is dropped
shows in the figures of the rare classes.
Source: Tukey, "Exploratory Data Analysis", 1977 (the fences); Liu, Ting, Zhou, "Isolation Forest", ICDM 2008.
"""

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import IsolationForest

from redshank.data.clean import Floats
from redshank.data.cleaning import ROWS, CleaningStep, Rows
from redshank.features.feature_set import Column

TAIL = 0.001  # of the rows at each end, for `quantile`
FENCE = 1.5  # quartile ranges beyond the quartiles, for `iqr`


class Outliers(CleaningStep):
    """Drops training rows that lie far out in a number."""

    ways: ClassVar = {"iqr": ROWS, "quantile": ROWS, "forest": ROWS}

    def fit(self, rows: Rows, columns: Sequence[Column], n_classes: int) -> Self:
        """Learn where far out begins."""
        super().fit(rows, columns, n_classes)
        self._classes = n_classes
        self._numbers = np.flatnonzero([not column.codes for column in columns])
        values = self._values(rows.x)
        if self.way == "forest":
            self._fill = np.array([np.median(v[~np.isnan(v)]) if not np.isnan(v).all() else 0.0 for v in values.T])
            self._forest = IsolationForest(random_state=self.seed)
            if len(self._numbers):
                self._forest.fit(np.where(np.isnan(values), self._fill, values))
            return self
        bounds = [self._bounds(column[~np.isnan(column)]) for column in values.T]
        self._low, self._high = np.array(bounds).reshape(-1, 2).T
        return self

    def train(self, rows: Rows) -> Rows:
        """Drop the rows that lie far out."""
        values = self._values(rows.x)
        if not len(self._numbers):
            out: npt.NDArray[np.bool_] = np.zeros(len(values), dtype=np.bool_)
        elif self.way == "forest":
            out = self._forest.predict(np.where(np.isnan(values), self._fill, values)) < 0
        else:
            out = np.any((values < self._low) | (values > self._high), axis=1)
        dropped, had = np.bincount(rows.y[out], minlength=self._classes), np.bincount(rows.y, minlength=self._classes)
        gone = [str(k) for k in np.flatnonzero((dropped == had) & (had > 0))]
        self.detail_ = f"{int(out.sum()):,} of {len(out):,} rows dropped, {int(dropped[1:].sum()):,} of them attacks"
        self.detail_ += f"; nothing is left of class {', '.join(gone)}" if gone else ""
        return rows.take(np.flatnonzero(~out))

    def _values(self, x: Floats) -> npt.NDArray[np.float64]:
        values = x[:, self._numbers].astype(np.float64)
        values[~np.isfinite(values)] = np.nan
        return values

    def _bounds(self, present: npt.NDArray[np.float64]) -> tuple[float, float]:
        """Return the least and greatest value that stay; a column that mostly repeats one value has none far out."""
        if not len(present):
            return -np.inf, np.inf
        if self.way == "quantile":
            low, high = np.quantile(present, (TAIL, 1 - TAIL))
            return float(low), float(high)
        low, high = np.quantile(present, (0.25, 0.75))
        reach = FENCE * (high - low) if high > low else np.inf
        return float(low - reach), float(high + reach)
