"""The whole exploration of a table, as figures.

In: a `Table`. Out: a `Survey`: a profile per column, how columns go together, what the classes look like in them, and
the leakage audit. Every figure is over all rows; only the points of scatter plots are a sample.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from redshank.data.explore.audit import Audit, audit
from redshank.data.explore.profile import Basics, Profile, missing_by_class, profile
from redshank.data.explore.relations import association, category, correlations, cross_tab, ranks
from redshank.data.explore.table import Codes, Doubles, Field, Table, identifiers

BINS = 40
GRID = 256  # points of a density
SLICES = 60
VIEWED, CROSSED, CORRELATED, SCATTERED = 12, 8, 30, 3
"""Most columns with plots, categories with cross-tabs, columns in a matrix of correlations, and scatter plots."""
LEAST, ALWAYS = 0.01, 4
"""Numbers that close less of the way to no mistake are not drawn, except the first few."""
POINTS = 500  # of a scatter plot
SIDES = 4  # classes with a density of their own, where none is benign


@dataclass(frozen=True)
class Box:
    """A box plot: quartiles, and the 5 % and 95 % quantiles at its ends."""

    name: str
    rows: int
    ends: tuple[float, float, float, float, float]


@dataclass(frozen=True)
class View:
    """A number column, seen by class.

    Args:
        name: The column.
        heavy: Whether values are shown as sign(x) log10(1 + |x|).
        sides: Names of the groups of rows: benign and attack, or classes.
        edges: Of the bins of the histogram. [b + 1]
        counts: Rows of each group in each bin. [s][b]
        grid: Where the densities are given. [g]
        densities: Of each group; empty where it has fewer than two values. [s][g]
        boxes: One per class that has values.
    """

    name: str
    heavy: bool
    sides: tuple[str, ...]
    edges: Doubles
    counts: npt.NDArray[np.int64]
    grid: Doubles
    densities: tuple[Doubles, ...]
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class Crossed:
    """Rows by value of a category and class. [values][classes]."""

    name: str
    values: tuple[str, ...]
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Scatter:
    """A sample of rows in two number columns, by group."""

    x: str
    y: str
    heavy: tuple[bool, bool]
    points: tuple[tuple[str, Doubles, Doubles], ...]


@dataclass(frozen=True)
class Timeline:
    """Rows of each class over time or over the file, in slices of equal length.

    Args:
        of: "time", or "row" for the place in the file.
        start, end: First and last time in seconds since the epoch, or row.
        counts: [k][slices]
    """

    of: str
    start: float
    end: float
    counts: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Survey:
    """Everything an exploration found.

    Args:
        table: What was explored.
        seed: Of the random split and the sample.
        identifiers: Columns that name a device, a port, a row, a moment or the answer.
        profiles: Of each column.
        missing: Share of each class's rows without a value, of columns with any missing. {name: [k]}
        numbers: Columns of the two matrices of correlations.
        pearson, spearman: [c, c]
        categories: Columns of the matrix of Cramer's V; the last is the class if there are classes.
        cramer: [c, c]
        views, crossed, scatters: What is shown of single columns and pairs.
        timelines: Over the file, and over time if there is a column of time.
        audit: None without classes.
    """

    table: Table
    seed: int
    identifiers: frozenset[str]
    profiles: tuple[Profile, ...]
    missing: dict[str, Doubles]
    numbers: tuple[str, ...]
    pearson: Doubles
    spearman: Doubles
    categories: tuple[str, ...]
    cramer: Doubles
    views: tuple[View, ...]
    crossed: tuple[Crossed, ...]
    scatters: tuple[Scatter, ...]
    timelines: tuple[Timeline, ...]
    audit: Audit | None


STAGES = 10
"""How often `survey` tells what it does."""


def survey(
    table: Table, *, own: frozenset[str] = frozenset(), seed: int = 0, told: Callable[[str], None] = lambda _: None
) -> Survey:
    """Explore a table.

    Args:
        table: The rows.
        own: Columns that the dataset says are identifiers.
        seed: Of the random split and the sample.
        told: Is called with what is done next, at most STAGES times.
    """
    named = identifiers((field.name for field in table.fields), own)
    told("describing columns")
    profiles = {field.name: profile(field) for field in table.fields}
    missing = {name: missing_by_class(table, f) for f in table.fields if profiles[name := f.name].missing}
    told("ranking numbers")
    varied = [field for field in table.fields if profiles[field.name].distinct > 1]
    numbers = [field for field in varied if field.numbers is not None and profiles[field.name].basics]
    rank = {field.name: ranks(field) for field in numbers}
    found = None
    if table.labelled:
        found = audit(
            table, named, lambda f: rank.get(f.name, np.full(len(table), np.nan, np.float32)), seed=seed, told=told
        )
    telling = {one.columns[0]: one.closes for one in found.singles} if found else {}
    told("correlating numbers")
    together = numbers[:CORRELATED]
    pearson = correlations([np.where(np.isfinite(v := f.row_numbers()), v, np.nan) for f in together])
    spearman = correlations([rank[field.name] for field in together])
    told("crossing categories")
    texts = [field for field in varied if field.kind == "text"]
    # Identifiers and nearly unique texts have an association with everything.
    few = [field for field in texts if profiles[field.name].distinct <= len(table) / 10]
    categories, cramer = association(table, few[:CORRELATED])
    first = sorted(few, key=lambda f: (f.name in named, -telling.get(f.name, 0.0)))
    crossed = tuple(_crossed(table, field) for field in first[:CROSSED])
    told("drawing distributions")
    shown = sorted(numbers, key=lambda f: (f.name in named, -telling.get(f.name, 0.0)))
    least = LEAST if found else 0.0
    shown = [f for at, f in enumerate(shown) if at < ALWAYS or telling.get(f.name, 0.0) >= least][:VIEWED]
    views = tuple(_view(table, field, profiles[field.name].basics) for field in shown)
    return Survey(
        table,
        seed,
        named,
        tuple(profiles.values()),
        missing,
        tuple(field.name for field in together),
        pearson,
        spearman,
        tuple(categories),
        cramer,
        views,
        crossed,
        _scatters(table, together, spearman, profiles, named, seed),
        tuple(_timelines(table)),
        found,
    )


def shown_as(values: Doubles, *, heavy: bool) -> Doubles:
    """Return values as a plot shows them."""
    return np.sign(values) * np.log10(1 + np.abs(values)) if heavy else values


def sides(table: Table) -> tuple[tuple[str, ...], Codes]:
    """Return the groups of rows that plots tell apart and each row's: benign and attack, or the first classes."""
    if table.benign and len(table.classes) > 1:
        return (table.classes[0], "attack"), (table.y > 0).astype(np.int64)
    rows = np.bincount(table.y, minlength=len(table.classes))
    order = np.argsort(-rows, kind="stable")
    if len(order) <= SIDES:
        return table.classes, table.y
    number = np.full(len(order), SIDES - 1)
    number[order[: SIDES - 1]] = np.arange(SIDES - 1)
    return (*(table.classes[at] for at in order[: SIDES - 1]), "(others)"), number[table.y]


def _view(table: Table, field: Field, basics: Basics | None) -> View:
    heavy = basics is not None and basics.heavy
    values = shown_as(field.row_numbers(), heavy=heavy)
    there = np.isfinite(values)
    names, side = sides(table)
    low, high = float(values[there].min()), float(values[there].max())
    if not heavy:  # one far value would press all others into one bin
        near = np.quantile(values[there], (0.001, 0.999))
        low, high = (float(near[0]), float(near[1])) if near[1] > near[0] else (low, high)
    if not high > low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    counts, densities = [], []
    grid = np.linspace(low, high, GRID)
    for number in range(len(names)):
        mine = np.clip(values[there & (side == number)], low, high)
        counts.append(np.histogram(mine, edges)[0])
        densities.append(density(mine, grid))
    boxes = []
    for number, name in enumerate(table.classes):
        mine = values[there & (table.y == number)]
        if len(mine):
            a, b, c, d, e = (float(one) for one in np.quantile(mine, (0.05, 0.25, 0.5, 0.75, 0.95)))
            boxes.append(Box(name, len(mine), (a, b, c, d, e)))
    return View(field.name, heavy, names, edges, np.array(counts), grid, tuple(densities), tuple(boxes))


def density(values: Doubles, grid: Doubles) -> Doubles:
    """Return a Gaussian kernel density at evenly spaced points, by Silverman's rule; empty of fewer than two values.

    Source: Silverman, "Density Estimation for Statistics and Data Analysis", 1986, equation 3.31.
    """
    if len(values) < 2:
        return np.empty(0)
    step = float(grid[1] - grid[0])
    low, high = np.quantile(values, (0.25, 0.75))
    spread = min(float(values.std()), float(high - low) / 1.34) or float(values.std())
    width = max(0.9 * spread * len(values) ** -0.2, 1.5 * step)
    counts = np.bincount(
        np.clip(((values - grid[0]) / step).round().astype(np.int64), 0, len(grid) - 1), minlength=len(grid)
    )
    reach = np.arange(-len(grid) + 1, len(grid)) * step
    kernel = np.exp(-0.5 * (reach / width) ** 2)
    smooth = np.convolve(counts, kernel)[len(grid) - 1 : 2 * len(grid) - 1]
    found: Doubles = smooth / (smooth.sum() * step)
    return found


def _crossed(table: Table, field: Field) -> Crossed:
    codes, names = category(field)
    counts = cross_tab(codes, table.y, len(names), len(table.classes))
    return Crossed(field.name, tuple(names), counts)


def _scatters(
    table: Table,
    fields: Sequence[Field],
    spearman: Doubles,
    profiles: dict[str, Profile],
    named: frozenset[str],
    seed: int,
) -> tuple[Scatter, ...]:
    pairs = [
        (abs(float(spearman[i, j])), i, j)
        for i in range(len(fields))
        for j in range(i)
        if 0.3 < abs(spearman[i, j]) < 0.995 and not {fields[i].name, fields[j].name} & named
    ]
    names, side = sides(table)
    found: list[Scatter] = []
    used = set[int]()
    for _, i, j in sorted(pairs, reverse=True):
        if {i, j} & used or len(found) == SCATTERED:
            continue
        used |= {i, j}
        heavy = [bool((basics := profiles[fields[at].name].basics) and basics.heavy) for at in (j, i)]
        x, y = (shown_as(fields[at].row_numbers(), heavy=h) for at, h in zip((j, i), heavy, strict=True))
        there = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
        drawn = np.random.default_rng(seed).choice(there, min(POINTS, len(there)), replace=False)
        groups = [(name, drawn[side[drawn] == number]) for number, name in enumerate(names)]
        points = tuple((name, x[at], y[at]) for name, at in groups if len(at))
        found.append(Scatter(fields[j].name, fields[i].name, (heavy[0], heavy[1]), points))
    return tuple(found)


def _timelines(table: Table) -> list[Timeline]:
    k, n = len(table.classes), len(table)
    slots = np.arange(n) * SLICES // n
    found = [Timeline("row", 1, n, cross_tab(table.y, slots, k, SLICES))]
    field = table.time()
    if field is not None:
        seconds = field.row_numbers()
        there = np.isfinite(seconds)
        start, end = (float(seconds[there].min()), float(seconds[there].max())) if there.any() else (0.0, 0.0)
        if end > start:
            slots = np.minimum(((seconds[there] - start) / (end - start) * SLICES).astype(np.int64), SLICES - 1)
            found.append(Timeline("time", start, end, cross_tab(table.y[there], slots, k, SLICES)))
    return found
