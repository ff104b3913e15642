"""How columns go together: correlations of numbers, association of categories, cross-tabs with the classes.

In: a `Table`. Out: matrices over all rows. Rows where one of two numbers is missing do not count for that pair; for
Spearman's, ranks are taken among all values of a column (equal ones share the mean of their ranks).
Source: Cramer, "Mathematical Methods of Statistics", 1946, for V.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.data.explore.table import Codes, Doubles, Field, Table

CHUNK = 1 << 16
CATEGORY = 50
"""Most values of a category; rarer ones count as one."""


def correlations(columns: Sequence[npt.NDArray[np.floating[Any]]]) -> Doubles:
    """Return Pearson's correlation of every pair of columns, NaN where it is not defined.

    Shape:
        columns: c arrays of [n], NaN where missing; returns: [c, c].

    Example:
        >>> correlations([np.array([1.0, 2, 3, np.nan]), np.array([3.0, 2, 1, 9])]).round(6).tolist()
        [[1.0, -1.0], [-1.0, 1.0]]
    """
    c = len(columns)
    if not c:
        return np.empty((0, 0))
    rows = len(columns[0])
    centers = [float(np.nanmean(one)) if not np.isnan(one).all() else 0.0 for one in columns]
    spreads = [float(np.nanstd(one)) if not np.isnan(one).all() else 0.0 for one in columns]
    both, sums, squares, products = (np.zeros((c, c)) for _ in range(4))
    for start in range(0, rows, CHUNK):
        part = np.stack([one[start : start + CHUNK] for one in columns]).astype(np.float64)
        there = ~np.isnan(part)
        part = np.where(
            there, (part - np.array(centers)[:, None]) / np.where(np.array(spreads) > 0, spreads, 1)[:, None], 0
        )
        mask = there.astype(np.float64)
        both += mask @ mask.T
        sums += part @ mask.T  # of the first column of a pair, over the rows that have both
        squares += (part * part) @ mask.T
        products += part @ part.T
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums / both
        variance = squares / both - mean * mean
        covariance = products / both - mean * mean.T
        found: Doubles = covariance / np.sqrt(variance * variance.T)
    found[(variance < 1e-12) | (variance.T < 1e-12)] = np.nan
    return np.clip(found, -1, 1)


def ranks(field: Field) -> npt.NDArray[np.float32]:
    """Return the rank of each row's number as a share of all, NaN where it has none; equal numbers share their mean."""
    assert field.numbers is not None
    counts = np.bincount(field.codes, minlength=field.size).astype(np.float64)
    values, place = np.unique(field.numbers, return_inverse=True)
    rows = np.bincount(place, weights=counts, minlength=len(values))
    rows[np.isnan(values)] = 0
    middle = np.cumsum(rows) - (rows - 1) / 2
    middle[np.isnan(values)] = np.nan
    shares = (middle / max(rows.sum(), 1)).astype(np.float32)
    found: npt.NDArray[np.float32] = shares[place][field.codes]
    return found


def category(field: Field) -> tuple[Codes, list[str]]:
    """Return a text column as at most CATEGORY codes, commonest first, and their names; the last are the others."""
    counts = np.bincount(field.codes, minlength=field.size)
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    shown = order[: CATEGORY - 1] if len(order) > CATEGORY else order
    number = np.full(field.size, len(shown), dtype=np.int64)
    number[shown] = np.arange(len(shown))
    names = [field.text(int(code)) for code in shown]
    return number[field.codes], names + (["(others)"] if len(order) > len(shown) else [])


def cross_tab(first: Codes, second: Codes, rows: int, columns: int) -> npt.NDArray[np.int64]:
    """Count the rows of each pair of values.

    Shape:
        first, second: [n], 0 to rows - 1 and 0 to columns - 1; returns: [rows, columns].
    """
    return np.bincount(first * columns + second, minlength=rows * columns).reshape(rows, columns).astype(np.int64)


def cramers_v(table: npt.NDArray[np.int64]) -> float:
    """Return how far two categories go together, 0 not at all to 1 one tells the other.

    Example:
        >>> cramers_v(np.array([[5, 0], [0, 5]])), cramers_v(np.array([[5, 5], [5, 5]]))
        (1.0, 0.0)
    """
    counts = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.float64)
    least = min(counts.shape, default=0) - 1
    if least < 1:
        return float("nan")
    total = counts.sum()
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / total
    return float(np.sqrt(((counts - expected) ** 2 / expected).sum() / (total * least)))


def association(table: Table, fields: Sequence[Field]) -> tuple[list[str], Doubles]:
    """Return Cramer's V of every pair of text columns, and of each with the class, which comes last."""
    coded = [(field.name, *category(field)) for field in fields]
    items = [(name, codes, len(names)) for name, codes, names in coded]
    if table.labelled:
        items.append(("class", table.y, len(table.classes)))
    found = np.ones((len(items), len(items)))
    for i, (_, first, rows) in enumerate(items):
        for j, (_, second, columns) in enumerate(items[:i]):
            found[i, j] = found[j, i] = cramers_v(cross_tab(first, second, rows, columns))
    return [name for name, _, _ in items], found
