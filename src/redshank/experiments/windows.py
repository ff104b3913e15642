"""A window of flows told in other ways, so that it shows what the sequence itself is worth.

In: parts whose rows are windows, the flow itself last (`host_window`). Out: the same rows, and of each the flow alone,
its history in another order, the mean over the window, or figures of the window beside the flow. The rows stay the
same, so any two ways compare like with like.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from redshank.core.errors import ConfigError
from redshank.core.registry import alternatives
from redshank.data.parts import PARTS, Parts
from redshank.features.feature_set import Column

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

GAP = "gap"
"""The column that tells of the flow before: a flow alone has none."""
MICROSECONDS = 1e6


def retold(parts: Parts, way: str, seed: int) -> Parts:
    """Tell the windows of all parts in another way.

    Args:
        parts: Rows are windows.
        way: A name in `WAYS`, or "window" for what is there already.
        seed: Of what is drawn.

    Raises:
        ConfigError: If there is no such way.

    Shape:
        x of the result: [n, steps' * c'], c' columns.
    """
    if way == "window":
        return parts
    if way not in WAYS:
        raise ConfigError(f"window: no '{way}'; {alternatives(way, ['window', *WAYS])}")
    steps, columns, change = WAYS[way](parts.columns, parts.steps, seed)
    changed = {}
    for name in PARTS:
        part = getattr(parts, name)
        x = change(part.x.reshape(len(part), parts.steps, len(parts.columns)))
        changed[name] = replace(part, x=np.ascontiguousarray(x.reshape(len(part), steps * len(columns)), np.float32))
    return replace(parts, **changed, steps=steps, columns=columns)


Way = tuple[int, tuple[Column, ...], Callable[[Floats], npt.NDArray[np.floating]]]
"""Steps and columns of what comes out, and what makes it of [n, steps, c]."""


def _alone(columns: tuple[Column, ...], steps: int, seed: int) -> Way:
    """Take the flow without what came before it."""
    del steps, seed
    kept = [at for at, column in enumerate(columns) if column.name != GAP]
    return 1, tuple(columns[at] for at in kept), lambda x: x[:, -1, kept]


def _shuffled(columns: tuple[Column, ...], steps: int, seed: int) -> Way:
    """Put the history in another order, in each row another; the flow itself stays the last."""

    def change(x: Floats) -> Floats:
        order = np.random.default_rng(seed).permuted(np.tile(np.arange(steps - 1), (len(x), 1)), axis=1)
        order = np.concatenate([order, np.full((len(x), 1), steps - 1)], axis=1)
        return np.take_along_axis(x, order[:, :, None], axis=1)

    return steps, columns, change


def _pooled(columns: tuple[Column, ...], steps: int, seed: int) -> Way:
    """Take the mean over the window: of a category the share of each of its codes."""
    del steps, seed
    shares = [(at, code) for at, column in enumerate(columns) for code in range(column.codes)]
    numbers = [at for at, column in enumerate(columns) if not column.codes]
    made = [Column(f"{columns[at].name} {code}", "1") for at, code in shares]
    made += [Column(f"mean {columns[at].name}", "1") for at in numbers]

    def change(x: Floats) -> Doubles:
        there = ~np.isnan(x[:, :, [at for at, _ in shares[:1]]])
        codes = np.concatenate([x[:, :, [at]] == code for at, code in shares], axis=2)
        mean = codes.sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        return np.concatenate([mean, _moments(x[:, :, numbers], columns, numbers)[0]], axis=1)

    return 1, tuple(made), change


def _aggregates(columns: tuple[Column, ...], steps: int, seed: int) -> Way:
    """Set beside the flow: means and shares over its window, spread and extremes, and how many flows it holds."""
    _, pooled, mean = _pooled(columns, steps, seed)
    numbers = [at for at, column in enumerate(columns) if not column.codes]
    made = [*columns, *pooled, Column("flows", "1")]
    made += [Column(f"{what} {columns[at].name}", "1") for what in ("spread", "least", "most") for at in numbers]

    def change(x: Floats) -> Doubles:
        flows = (~np.isnan(x).all(axis=2)).sum(axis=1, keepdims=True)
        _, *others = _moments(x[:, :, numbers], columns, numbers)
        return np.concatenate([x[:, -1], mean(x), flows, *others], axis=1)

    return 1, tuple(made), change


def _moments(x: Floats, columns: tuple[Column, ...], numbers: list[int]) -> tuple[Doubles, ...]:
    """Return mean, spread, least and most over the steps that are there, of heavy-tailed numbers those of logarithms.

    Shape:
        x: [n, steps, m]; returns: four [n, m], NaN where no step is there.
    """
    scale = np.array([MICROSECONDS if columns[at].unit == "s" else 1.0 for at in numbers])
    heavy = np.array([columns[at].heavy_tail for at in numbers])
    values = np.where(heavy, np.log1p(np.maximum(x, 0) * scale), x.astype(np.float64))
    there = ~np.isnan(values)
    count = there.sum(axis=1)
    some = np.maximum(count, 1)
    mean = np.where(there, values, 0).sum(axis=1) / some
    spread = np.sqrt(np.where(there, (values - mean[:, None]) ** 2, 0).sum(axis=1) / some)
    least, most = np.where(there, values, np.inf).min(axis=1), np.where(there, values, -np.inf).max(axis=1)
    mean, spread, least, most = (np.where(count, found, np.nan) for found in (mean, spread, least, most))
    return mean, spread, least, most


WAYS: Mapping[str, Callable[[tuple[Column, ...], int, int], Way]] = {
    "alone": _alone,
    "shuffled": _shuffled,
    "pooled": _pooled,
    "aggregates": _aggregates,
}
