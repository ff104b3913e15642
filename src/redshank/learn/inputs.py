"""Turn raw feature values into network input, inside the graph.

In: [n, c] float32 raw values, NaN where absent, category codes as numbers; what each column is says `Column`.
Out: [n, w] float32 without NaN, every value of bounded size, whatever came in.
The one idea: byte counts span nine orders of magnitude, and a network that sees them min-max scaled sees zeros. So a
number is cut at quantiles of the training rows and each bin says how far the value has come through it
(piecewise-linear encoding); a category is looked up in a trained table.
Source: Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from redshank.core.errors import ConfigError
from redshank.features.feature_set import UNKNOWN, Column
from redshank.learn.model import Floats

EMBEDDING = 8  # numbers per category; more did not help with vocabularies of 3 to 20 values
UNKNOWN_SHARE = 0.01  # of the categories seen while training are hidden, so that UNKNOWN means something to the network
SPREAD_MAX = 5.0  # standard deviations; a value further out is new to the network and must not shout
MICROSECONDS = 1e6  # log(1 + x) is blind below 1: times are taken in the unit of packet clocks
LOG_STEP = 0.01  # bins narrower than 1 % of the value would enlarge the rounding differences between runtimes
REL_STEP = 1e-5  # the same for numbers without logarithm, relative to the largest edge


class Bins(nn.Module):
    """Numbers as piecewise-linear codes, standardized values and missing flags; categories as embeddings.

    Args:
        x: Training rows; everything is fitted on these alone.
        columns: What the columns of `x` are.
        bins: Most bins per number, 1 to 256; fewer where values repeat.

    Shape:
        forward: [n, c] -> [n, width].
    """

    width: int
    number: torch.Tensor
    category: torch.Tensor
    scale: torch.Tensor
    heavy: torch.Tensor
    fill: torch.Tensor
    mean: torch.Tensor
    per_spread: torch.Tensor
    bin_of: torch.Tensor
    low: torch.Tensor
    per_width: torch.Tensor
    missing: torch.Tensor
    codes: torch.Tensor
    first: torch.Tensor

    def __init__(self, x: Floats, columns: Sequence[Column], bins: int) -> None:
        super().__init__()
        number = [i for i, column in enumerate(columns) if not column.codes]
        category = [i for i, column in enumerate(columns) if column.codes]
        scales = [_scale(columns[i]) for i in number]
        values = np.where(np.isfinite(x[:, number]), x[:, number], np.nan)
        fill = _columnwise(values, np.median)
        heavy = np.array([columns[i].heavy_tail for i in number], dtype=bool)
        logs = np.sign(values) * np.log1p(np.abs(values) * np.array(scales))
        values = np.where(heavy, logs, values)
        edges = [_edges(values[:, j], bins, LOG_STEP if heavy[j] else 0.0) for j in range(len(number))]
        spread = _columnwise(values, np.std)
        missing = [j for j, i in enumerate(number) if np.isnan(x[:, i]).any()]
        sizes = [columns[i].codes for i in category]
        low = np.concatenate([edge[:-1] for edge in edges]) if edges else np.empty(0)
        high = np.concatenate([edge[1:] for edge in edges]) if edges else np.empty(0)

        self._keep("number", number, torch.long)
        self._keep("category", category, torch.long)
        self._keep("scale", scales)
        self._keep("heavy", heavy, torch.bool)
        self._keep("fill", fill)
        self._keep("mean", _columnwise(values, np.mean))
        self._keep("per_spread", 1 / np.where(spread > 0, spread, 1))
        self._keep("bin_of", np.repeat(np.arange(len(number)), [len(edge) - 1 for edge in edges]), torch.long)
        self._keep("low", low)
        self._keep("per_width", 1 / (high - low))
        self._keep("missing", missing, torch.long)
        self._keep("codes", sizes)
        self._keep("first", np.cumsum([0, *sizes])[: len(sizes)], torch.long)
        self.table = nn.Embedding(max(sum(sizes), 1), EMBEDDING)
        self.width = len(low) + len(number) + len(missing) + EMBEDDING * len(category)

    def _keep(self, name: str, value: npt.ArrayLike, dtype: torch.dtype = torch.float32) -> None:
        self.register_buffer(name, torch.as_tensor(np.asarray(value), dtype=dtype))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Encode raw values."""
        parts = []
        if len(self.number):
            value = x.index_select(1, self.number)
            absent = torch.isnan(value)
            value = torch.where(absent, self.fill, value)
            value = torch.where(self.heavy, torch.sign(value) * torch.log(1 + torch.abs(value) * self.scale), value)
            parts.append(((value.index_select(1, self.bin_of) - self.low) * self.per_width).clamp(0, 1))
            parts.append(((value - self.mean) * self.per_spread).clamp(-SPREAD_MAX, SPREAD_MAX))
            if len(self.missing):
                parts.append(absent.index_select(1, self.missing).to(torch.float32))
        if len(self.category):
            code = x.index_select(1, self.category)
            code = torch.where(torch.isnan(code), 0.0, code)
            known = (code >= 0) & (code < self.codes)
            if self.training:
                known = known & (torch.rand_like(code) >= UNKNOWN_SHARE)
            code = torch.where(known, code, float(UNKNOWN)).to(torch.long)
            parts.append(self.table(code + self.first).flatten(1))
        return torch.cat(parts, dim=1)


class Minmax(nn.Module):
    """Every column scaled to [0, 1] by the least and greatest training value, as both studies do.

    For reproduction only: with byte counts among the columns most of the information is gone.

    Args:
        x: Training rows.

    Shape:
        forward: [n, c] -> [n, c]; absent becomes 0, values outside the training range its nearest end.
    """

    width: int
    low: torch.Tensor
    per_width: torch.Tensor

    def __init__(self, x: Floats) -> None:
        super().__init__()
        values = np.where(np.isfinite(x), x, np.nan)
        low, high = _columnwise(values, np.min), _columnwise(values, np.max)
        self.register_buffer("low", torch.as_tensor(low, dtype=torch.float32))
        self.register_buffer("per_width", torch.as_tensor(1 / np.where(high > low, high - low, 1), dtype=torch.float32))
        self.width = x.shape[1]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scale raw values."""
        scaled = ((x - self.low) * self.per_width).clamp(0, 1)
        return torch.where(torch.isnan(x), 0.0, scaled)


class EachStep(nn.Module):
    """Encode each step of a sequence alike.

    Args:
        encode: Encoding of one step.
        steps: Steps of a row.

    Shape:
        forward: [n, steps * c] -> [n, steps, width].
    """

    def __init__(self, encode: Bins | Minmax, steps: int) -> None:
        super().__init__()
        self.encode = encode
        self.steps = steps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Encode raw values."""
        one = self.encode(x.reshape(x.shape[0] * self.steps, -1))
        out: torch.Tensor = one.reshape(x.shape[0], self.steps, self.encode.width)
        return out


def fit_inputs(name: str, x: Floats, columns: Sequence[Column], bins: int) -> Bins | Minmax:
    """Fit the input encoding called `name` on training rows.

    Raises:
        ConfigError: If there is no such encoding, or `bins` is out of range.

    Example:
        >>> x = np.array([[40, 2], [3.9e9, 3], [np.nan, 0]], dtype=np.float32)
        >>> columns = (Column("src_bytes", "bytes", heavy_tail=True), Column("proto", "category", ("tcp", "udp")))
        >>> inputs = fit_inputs("bins", x, columns, bins=4)
        >>> inputs(torch.tensor(x)).shape == (3, inputs.width)
        True
    """
    if name == "minmax":
        return Minmax(x)
    if name != "bins":
        raise ConfigError(f"inputs: '{name}' is not one of bins, minmax")
    if not 1 <= bins <= 256:
        raise ConfigError(f"bins: {bins} is not between 1 and 256")
    return Bins(x, columns, bins)


def _scale(column: Column) -> float:
    return MICROSECONDS if column.unit == "s" else 1.0


def _columnwise(values: npt.NDArray[np.floating[Any]], what: Callable[[Any], Any]) -> npt.NDArray[np.float64]:
    """Apply `what` to the present values of each column; 0 where there are none."""
    present = (values[~np.isnan(values[:, j]), j].astype(np.float64) for j in range(values.shape[1]))
    return np.array([what(column) if len(column) else 0.0 for column in present])


def _edges(values: npt.NDArray[np.float64], bins: int, step: float) -> npt.NDArray[np.float64]:
    """Return rising bin edges: half at quantiles of the rows, half at quantiles of the distinct values.

    Quantiles of the rows alone would spend all edges on the few values that most rows share.
    """
    present = values[~np.isnan(values)]
    if not len(present):
        return np.zeros(1)
    distinct = np.unique(present)
    edges = distinct
    if len(distinct) > bins + 1:
        between = (bins - 1) // 2
        rows = np.quantile(present, np.linspace(0, 1, between + 2))
        edges = np.unique(np.concatenate([rows, np.quantile(distinct, np.linspace(0, 1, bins - between + 1))]))
    step = max(step, REL_STEP * float(np.abs(edges).max()))
    kept = [float(edges[0])]
    for edge in edges[1:]:
        if edge - kept[-1] >= step:
            kept.append(float(edge))
    return np.array(kept)
