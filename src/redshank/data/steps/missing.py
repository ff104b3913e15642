"""Missing values: drop their training rows, or fill them with a mean, a median, the commonest value or a model's guess.

In: raw values, NaN or infinite where absent, a category's code 0. Out: none absent. Fitted on training rows alone; a
category is always filled with its commonest code, for codes have no mean. `model` guesses a number by ridge regression
on all other columns (standardized, their own holes filled with medians) and keeps the guess within what training saw.
Wrong where absence itself tells something (a flow without a reply): then leave it to the model, which sees it.
"""

from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import Ridge

from redshank.data.clean import Floats
from redshank.data.cleaning import INPUT, ROWS, CleaningStep, Rows
from redshank.data.graph import Nodes
from redshank.features.feature_set import Column

Doubles = npt.NDArray[np.float64]

SPREAD_MAX = 5.0  # standard deviations at which a column stops to move a guess


class Missing(CleaningStep):
    """Drops or fills missing values."""

    ways: ClassVar = {"median": INPUT, "mean": INPUT, "mode": INPUT, "model": INPUT, "drop": ROWS}

    def fit(self, rows: Rows, columns: Sequence[Column], n_classes: int) -> Self:
        """Learn what to fill in."""
        super().fit(rows, columns, n_classes)
        self._category = np.array([column.codes > 0 for column in columns], dtype=bool)
        absent = self._absent(rows.x)
        holes = int(absent.sum())
        self.detail_ = f"{holes:,} values in {int(absent.any(axis=0).sum())} of {len(columns)} columns, by {self.way}"
        if self.way == "drop":
            return self
        self._fill = np.array([self._filling(rows.x[~absent[:, j], j], j) for j in range(len(columns))])
        if self.way == "model":
            self._fit_model(rows.x, absent)
        return self

    def train(self, rows: Rows) -> Rows:
        """Drop rows with holes, or fill them."""
        if self.way != "drop":
            return super().train(rows)
        whole = np.flatnonzero(self._absent(rows.x).sum(axis=1) == 0)
        self.detail_ = f"{len(rows.y) - len(whole):,} rows with missing values dropped"
        return rows.take(whole)

    def nodes(self, graph: Nodes, x: str) -> str:
        """Fill holes."""
        if self.way == "drop":
            return x
        absent = graph.add("Or", graph.add("IsNaN", x), graph.add("IsInf", x))
        none = graph.add("And", graph.add("Equal", x, graph.constant(0)), graph.constant(self._category, np.bool_))
        absent = graph.add("Or", absent, none)
        filled = graph.add("Where", absent, graph.constant(self._fill), x)
        if self.way != "model":
            return filled
        standard = graph.add("Sub", filled, graph.constant(self._mean))
        standard = graph.add("Mul", standard, graph.constant(self._per_spread))
        standard = graph.add("Clip", standard, graph.constant(-SPREAD_MAX), graph.constant(SPREAD_MAX))
        guess = graph.add(
            "Add", graph.add("MatMul", standard, graph.constant(self._slopes)), graph.constant(self._base)
        )
        guess = graph.add("Max", graph.add("Min", guess, graph.constant(self._high)), graph.constant(self._low))
        return graph.add("Where", absent, guess, x)

    def _absent(self, x: Floats) -> npt.NDArray[np.bool_]:
        absent: npt.NDArray[np.bool_] = ~np.isfinite(x) | (self._category & (x == 0))
        return absent

    def _filling(self, present: Floats, at: int) -> float:
        if not len(present):
            return 0.0
        if self._category[at] or self.way == "mode":
            values, counts = np.unique(present, return_counts=True)
            return float(values[counts.argmax()])
        return float(
            np.mean(present, dtype=np.float64) if self.way == "mean" else np.median(present.astype(np.float64))
        )

    def _fit_model(self, x: Floats, absent: npt.NDArray[np.bool_]) -> None:
        filled = np.where(absent, self._fill, x).astype(np.float64)
        self._mean, spread = filled.mean(axis=0), filled.std(axis=0)
        self._per_spread = 1 / np.where(spread > 0, spread, 1)
        standard = np.clip((filled - self._mean) * self._per_spread, -SPREAD_MAX, SPREAD_MAX)
        columns = x.shape[1]
        self._slopes: Doubles = np.zeros((columns, columns))
        self._base: Doubles = self._fill.astype(np.float64)
        self._low, self._high = self._base.copy(), self._base.copy()
        for j in np.flatnonzero(~self._category & absent.any(axis=0) & ~absent.all(axis=0)):
            others, present = np.arange(columns) != j, ~absent[:, j]
            known = x[present, j].astype(np.float64)
            ridge = Ridge(alpha=1.0).fit(standard[present][:, others], known)
            self._slopes[others, j], self._base[j] = ridge.coef_, ridge.intercept_
            self._low[j], self._high[j] = known.min(), known.max()
