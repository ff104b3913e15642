"""Skew: numbers whose values crowd at one end are spread out, by a logarithm, a power or their rank.

In: numbers whose skewness among the training rows is beyond 1 in size; others and categories are left alone. Out:
`log` sign(x) log(1 + |x|); `yeo-johnson` and `box-cox` the power that makes the training rows most like a normal
distribution (Box-Cox only where all of them are above 0, others are left alone and counted); `quantile` the share of
training rows below, 0 to 1. A value beyond the training range is taken as its nearest end, except by `log`: a power of
what was never seen can be anything.
Source: Yeo and Johnson, Biometrika 87, 2000; Box and Cox, JRSS B 26, 1964.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
from scipy import stats
from sklearn.preprocessing import PowerTransformer

from redshank.data.clean import Floats
from redshank.data.cleaning import INPUT, CleaningStep, Rows
from redshank.data.graph import Nodes
from redshank.features.feature_set import Column

Doubles = npt.NDArray[np.float64]

SKEWED = 1.0  # a common rule of thumb; an exponential distribution has 2
LEAST_POWER = 0.01  # nearer to 0, (x^p - 1) / p in float32 is mostly rounding; the logarithm is its limit
EDGES = 101  # quantiles
DISTINCT = 3  # a column of fewer values has no shape to correct


class Skew(CleaningStep):
    """Spreads out numbers that crowd at one end."""

    ways: ClassVar = {"log": INPUT, "yeo-johnson": INPUT, "box-cox": INPUT, "quantile": INPUT}

    def fit(self, rows: Rows, columns: Sequence[Column], n_classes: int) -> Self:
        """Learn which numbers are skewed, and their powers or quantiles."""
        super().fit(rows, columns, n_classes)
        skewed = [j for j, column in enumerate(columns) if not column.codes and _skewed(rows.x[:, j])]
        usable = [j for j in skewed if self.way != "box-cox" or _present(rows.x[:, j]).min() > 0]
        self._at = usable
        self._low = np.array([_present(rows.x[:, j]).min() for j in usable])
        self._high = np.array([_present(rows.x[:, j]).max() for j in usable])
        if self.way in {"yeo-johnson", "box-cox"}:
            self._power = np.array([self._best_power(_present(rows.x[:, j])) for j in usable])
        if self.way == "quantile":
            self._edges = [_edges(_present(rows.x[:, j])) for j in usable]
        self.columns_ = tuple(
            replace(c, unit="1", heavy_tail=False) if j in usable else c for j, c in enumerate(columns)
        )
        names = ", ".join(columns[j].name for j in usable)
        self.detail_ = f"{len(usable)} numbers with a skewness beyond {SKEWED:g}, {self.way}: {names or 'none'}"
        if len(usable) < len(skewed):
            self.detail_ += f"; {len(skewed) - len(usable)} more are not above 0 everywhere and stay"
        return self

    def nodes(self, graph: Nodes, x: str) -> str:
        """Spread the skewed numbers out; absent stays absent."""
        if not self._at:
            return x
        parts = []
        at = dict(zip(self._at, range(len(self._at)), strict=True))
        skewed = graph.add("Gather", x, graph.constant(self._at, np.int64), axis=1)
        absent = graph.add("IsNaN", skewed)
        there = graph.add("Where", absent, graph.constant(self._low), skewed)
        if self.way != "log":
            there = graph.add("Max", graph.add("Min", there, graph.constant(self._high)), graph.constant(self._low))
        build = {"log": _log, "quantile": self._quantiles, "yeo-johnson": self._yeo_johnson, "box-cox": self._box_cox}
        spread = graph.add("Where", absent, graph.constant(np.nan), build[self.way](graph, there))
        # Back in their places: what stays comes from x, what was spread out from behind it.
        both = graph.add("Concat", x, spread, axis=1)
        order = [len(self.columns_) + at[j] if j in at else j for j in range(len(self.columns_))]
        parts.append(graph.add("Gather", both, graph.constant(order, np.int64), axis=1))
        return parts[0]

    def _best_power(self, present: Doubles) -> float:
        found = PowerTransformer(method=self.way, standardize=False).fit(present[:, None]).lambdas_[0]
        return float(found)

    def _powered(self, graph: Nodes, base: str, powers: Doubles) -> str:
        """Return (base^p - 1) / p, or log(base) where p is almost 0."""
        flat = np.abs(powers) < LEAST_POWER
        safe = np.where(flat, 1.0, powers)
        raised = graph.add("Sub", graph.add("Pow", base, graph.constant(safe)), graph.constant(1))
        raised = graph.add("Mul", raised, graph.constant(1 / safe))
        return graph.add("Where", graph.constant(flat, np.bool_), graph.add("Log", base), raised)

    def _box_cox(self, graph: Nodes, x: str) -> str:
        return self._powered(graph, x, self._power)

    def _yeo_johnson(self, graph: Nodes, x: str) -> str:
        one, zero = graph.constant(1), graph.constant(0)
        up = self._powered(graph, graph.add("Add", graph.add("Max", x, zero), one), self._power)
        down = self._powered(graph, graph.add("Sub", one, graph.add("Min", x, zero)), 2 - self._power)
        return graph.add("Sub", up, down)

    def _quantiles(self, graph: Nodes, x: str) -> str:
        """Sum over the steps between quantiles how far the value has come through each."""
        low = np.concatenate([edges[:-1] for edges, _ in self._edges])
        width = np.concatenate([np.diff(edges) for edges, _ in self._edges])
        owner = np.repeat(np.arange(len(self._edges)), [len(edges) - 1 for edges, _ in self._edges])
        rise = np.zeros((len(owner), len(self._edges)))
        rise[np.arange(len(owner)), owner] = np.concatenate([np.diff(share) for _, share in self._edges])
        wide = graph.add("Gather", x, graph.constant(owner, np.int64), axis=1)
        through = graph.add("Mul", graph.add("Sub", wide, graph.constant(low)), graph.constant(1 / width))
        through = graph.add("Clip", through, graph.constant(0), graph.constant(1))
        base = graph.constant([share[0] for _, share in self._edges])
        return graph.add("Add", graph.add("MatMul", through, graph.constant(rise)), base)


def _log(graph: Nodes, x: str) -> str:
    size = graph.add("Log", graph.add("Add", graph.add("Abs", x), graph.constant(1)))
    return graph.add("Mul", graph.add("Sign", x), size)


def _present(values: Floats) -> Doubles:
    return values[np.isfinite(values)].astype(np.float64)


def _skewed(values: Floats) -> bool:
    present = _present(values)
    # Of values that fill float32 the third power of a difference still fits float64.
    return len(np.unique(present)) >= DISTINCT and abs(float(stats.skew(present))) > SKEWED


def _edges(present: Doubles) -> tuple[Doubles, Doubles]:
    """Return rising quantiles and the share of rows below each; where several are equal, the middle of their shares."""
    shares = np.linspace(0, 1, EDGES)
    values = np.quantile(present, shares).astype(np.float32).astype(np.float64)
    edges, first, counts = np.unique(values, return_index=True, return_counts=True)
    return edges, (shares[first] + shares[first + counts - 1]) / 2
