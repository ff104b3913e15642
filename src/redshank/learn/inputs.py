"""Turn raw feature values into network input, inside the graph.

In: [n, c] float32 raw values, NaN where absent, category codes as numbers; what each column is says `Column`.
Out: [n, w] float32 without NaN, every value of bounded size, whatever came in.
The one idea: byte counts span nine orders of magnitude, and a network that sees them min-max scaled sees zeros. So a
number is cut at quantiles of the training rows and each bin says how far the value has come through it
(piecewise-linear encoding); a category is looked up in a trained table.
Source: Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning", NeurIPS 2022.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

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

Places = tuple[tuple[int, ...], ...]
"""For each column, where the output tells of it."""


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
    places: Places
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
        numbers = _Numbers.of(x, columns)
        number, values = numbers.place, numbers.values
        category = [i for i, column in enumerate(columns) if column.codes]
        edges = numbers.edges(bins)
        sizes = [columns[i].codes for i in category]
        low = np.concatenate([edge[:-1] for edge in edges]) if edges else np.empty(0)
        high = np.concatenate([edge[1:] for edge in edges]) if edges else np.empty(0)
        bin_of = np.repeat(np.arange(len(number)), [len(edge) - 1 for edge in edges])
        missing = numbers.missing

        self._keep("number", number, torch.long)
        self._keep("category", category, torch.long)
        self._keep("scale", numbers.scale)
        self._keep("heavy", numbers.heavy, torch.bool)
        self._keep("fill", numbers.fill)
        self._keep("mean", _columnwise(values, np.mean))
        self._keep("per_spread", numbers.per_spread)
        self._keep("bin_of", bin_of, torch.long)
        self._keep("low", low)
        self._keep("per_width", 1 / (high - low))
        self._keep("missing", missing, torch.long)
        self._keep("codes", sizes)
        self._keep("first", np.cumsum([0, *sizes])[: len(sizes)], torch.long)
        self.table = nn.Embedding(max(sum(sizes), 1), EMBEDDING)
        column_of = [*number[bin_of], *number, *number[missing], *np.repeat(category, EMBEDDING)]
        self.width, self.places = len(column_of), _places(column_of, len(columns))

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
    places: Places
    low: torch.Tensor
    per_width: torch.Tensor

    def __init__(self, x: Floats) -> None:
        super().__init__()
        values = np.where(np.isfinite(x), x, np.nan)
        low, high = _columnwise(values, np.min), _columnwise(values, np.max)
        self.register_buffer("low", torch.as_tensor(low, dtype=torch.float32))
        self.register_buffer("per_width", torch.as_tensor(1 / np.where(high > low, high - low, 1), dtype=torch.float32))
        self.width, self.places = x.shape[1], tuple((i,) for i in range(x.shape[1]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scale raw values."""
        scaled = ((x - self.low) * self.per_width).clamp(0, 1)
        return torch.where(torch.isnan(x), 0.0, scaled)


class Plain(nn.Module):
    """Numbers on one scale, missing flags, categories one-hot: all of it fitted here, nothing trained.

    For what measures distances or densities, or gives back its own input. A number is standardized, after the logarithm
    if it is heavy-tailed; or it stands at its quantile among the training rows, 0 to 1, and one beyond them up to 1
    further out. Reckoned in float64: two runtimes then differ by nothing that a distance shows.

    Args:
        x: Training rows.
        columns: What the columns of `x` are.
        bins: Most pieces of the quantile function, 0 to 256; 0 standardizes.
        dtype: Of what comes out.

    Shape:
        forward: [n, c] -> [n, width]; numbers, then missing flags, then categories.
    """

    width: int
    places: Places
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
    share: torch.Tensor
    least: torch.Tensor
    greatest: torch.Tensor
    missing: torch.Tensor
    codes: torch.Tensor
    code: torch.Tensor

    def __init__(self, x: Floats, columns: Sequence[Column], bins: int = 0, dtype: torch.dtype = torch.float64) -> None:
        super().__init__()
        self.dtype = dtype
        self.bins = bins
        numbers = _Numbers.of(x, columns)
        edges = numbers.edges(max(bins, 1))
        pieces = np.array([len(edge) - 1 for edge in edges], dtype=np.int64)
        bin_of = np.repeat(np.arange(len(edges)), pieces)
        low = np.concatenate([edge[:-1] for edge in edges]) if edges else np.empty(0)
        high = np.concatenate([edge[1:] for edge in edges]) if edges else np.empty(0)
        codes = [column.codes for column in columns]
        self._keep(number=numbers.place, missing=numbers.missing, bin_of=bin_of, heavy=numbers.heavy)
        self._keep(category=np.repeat(np.arange(len(columns)), codes))
        self._keep(codes=np.repeat(codes, codes).astype(np.float64))
        self._keep(code=np.concatenate([np.arange(n, dtype=np.float64) for n in codes]))
        self._keep(scale=numbers.scale, fill=numbers.fill, per_spread=numbers.per_spread)
        self._keep(mean=_columnwise(numbers.values, np.mean))
        self._keep(low=low, per_width=1 / (high - low))
        self._keep(share=(bin_of[:, None] == np.arange(len(edges))) / np.maximum(pieces, 1))
        self._keep(least=np.array([edge[0] for edge in edges]), greatest=np.array([edge[-1] for edge in edges]))
        self.width = len(edges) + len(numbers.missing) + sum(codes)
        column_of = [*numbers.place, *numbers.place[numbers.missing], *np.repeat(np.arange(len(columns)), codes)]
        self.places = _places(column_of, len(columns))

    def _keep(self, **values: npt.NDArray[Any]) -> None:
        for name, value in values.items():
            self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(value)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Encode raw values."""
        x = x.to(torch.float64)
        parts = []
        if len(self.number):
            value = x.index_select(1, self.number)
            absent = torch.isnan(value)
            value = torch.where(absent, self.fill, value)
            value = torch.where(self.heavy, torch.sign(value) * torch.log(1 + torch.abs(value) * self.scale), value)
            parts.append(self._quantile(value) if self.bins else self._standard(value, self.mean))
            if len(self.missing):
                parts.append(absent.index_select(1, self.missing).to(torch.float64))
        if len(self.category):
            code = x.index_select(1, self.category)
            code = torch.where(torch.isnan(code), 0.0, code)
            code = torch.where((code >= 0) & (code < self.codes), code, float(UNKNOWN))
            parts.append((torch.floor(code) == self.code).to(torch.float64))
        return torch.cat(parts, dim=1).to(self.dtype)

    def _standard(self, value: torch.Tensor, center: torch.Tensor) -> torch.Tensor:
        return ((value - center) * self.per_spread).clamp(-SPREAD_MAX, SPREAD_MAX)

    def _quantile(self, value: torch.Tensor) -> torch.Tensor:
        inside = ((value.index_select(1, self.bin_of) - self.low) * self.per_width).clamp(0, 1) @ self.share
        above = self._standard(value, self.greatest).clamp(min=0)
        return inside + (above + self._standard(value, self.least).clamp(max=0)) / SPREAD_MAX


class EachStep(nn.Module):
    """Encode each step of a sequence alike.

    Args:
        encode: Encoding of one step.
        steps: Steps of a row.

    Shape:
        forward: [n, steps * c] -> [n, steps, width].
    """

    def __init__(self, encode: "Inputs", steps: int) -> None:
        super().__init__()
        self.encode = encode
        self.steps = steps

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Encode raw values."""
        one = self.encode(x.reshape(x.shape[0] * self.steps, -1))
        out: torch.Tensor = one.reshape(x.shape[0], self.steps, self.encode.width)
        return out


Inputs = Bins | Minmax | Plain


def fit_inputs(name: str, x: Floats, columns: Sequence[Column], bins: int) -> Inputs:
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
    if name not in {"bins", "quantiles", "standard"}:
        raise ConfigError(f"inputs: '{name}' is not one of bins, minmax, quantiles, standard")
    if not 1 <= bins <= 256:
        raise ConfigError(f"bins: {bins} is not between 1 and 256")
    if name == "bins":
        return Bins(x, columns, bins)
    return Plain(x, columns, bins if name == "quantiles" else 0, torch.float32)


@dataclass(frozen=True)
class _Numbers:
    """The columns that are numbers: where they stand, their values on a scale that suits them, how they spread."""

    place: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    heavy: npt.NDArray[np.bool_]
    fill: npt.NDArray[np.float64]
    per_spread: npt.NDArray[np.float64]
    missing: npt.NDArray[np.int64]

    @classmethod
    def of(cls, x: Floats, columns: Sequence[Column]) -> Self:
        place = np.array([i for i, column in enumerate(columns) if not column.codes], dtype=np.int64)
        scale = np.array([MICROSECONDS if columns[i].unit == "s" else 1.0 for i in place])
        heavy = np.array([columns[i].heavy_tail for i in place], dtype=bool)
        values = np.where(np.isfinite(x[:, place]), x[:, place], np.nan).astype(np.float64)
        fill = _columnwise(values, np.median)
        values = np.where(heavy, np.sign(values) * np.log1p(np.abs(values) * scale), values)
        spread = _columnwise(values, np.std)
        # The mean of equal values is rounded, so that they seem to spread by some 1e-16.
        spread = np.where(spread > REL_STEP * REL_STEP * np.abs(_columnwise(values, np.mean)), spread, 0.0)
        missing = np.flatnonzero(np.isnan(x[:, place]).any(axis=0))
        return cls(place, values, scale, heavy, fill, 1 / np.where(spread > 0, spread, 1), missing)

    def edges(self, bins: int) -> list[npt.NDArray[np.float64]]:
        """Return the edges of at most `bins` bins per number."""
        steps = np.where(self.heavy, LOG_STEP, 0.0)
        return [_edges(self.values[:, j], bins, step) for j, step in enumerate(steps)]


def _places(column_of: Sequence[int], columns: int) -> Places:
    return tuple(tuple(np.flatnonzero(np.array(column_of) == i).tolist()) for i in range(columns))


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
