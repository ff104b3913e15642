"""What each column holds: its basics, one by one.

In: a `Table`. Out: a `Profile` per column, from all rows: distinct and missing values, and for numbers mean, spread,
quantiles, skewness and excess kurtosis.
"""

from dataclasses import dataclass

import numpy as np

from redshank.data.explore.table import Doubles, Field, Table

QUANTILES = (0.0, 0.01, 0.25, 0.5, 0.75, 0.99, 1.0)
SHOWN_VALUES = 5


@dataclass(frozen=True)
class Basics:
    """A number column in numbers.

    Args:
        mean, std: Of the rows that have a value; the spread is the population's.
        quantiles: At QUANTILES.
        skewness: 0 is symmetric; None if constant.
        kurtosis: Excess over the normal distribution's; None if constant.
    """

    mean: float
    std: float
    quantiles: tuple[float, ...]
    skewness: float | None
    kurtosis: float | None

    @property
    def heavy(self) -> bool:
        """Whether values span so much that a plain axis shows nothing."""
        _, _, low, _, high, far, most = self.quantiles
        return most > 1000 and (far > 50 * max(high - low, 1e-9) or most > 20 * max(far, 1e-9) or most > 1e5)


@dataclass(frozen=True)
class Profile:
    """One column.

    Args:
        name, kind: Of the column.
        distinct: Distinct values, missing not counted.
        missing: Rows without a value.
        marked: Of these, rows where a text such as "-" says so.
        top: The commonest values and their rows.
        basics: Of a number that has a value anywhere.
        infinite: Rows with an infinite number.
    """

    name: str
    kind: str
    distinct: int
    missing: int
    marked: int
    top: tuple[tuple[str, int], ...]
    basics: Basics | None
    infinite: int


def profile(field: Field) -> Profile:
    """Look at one column."""
    counts = np.bincount(field.codes, minlength=field.size)
    order = np.argsort(-counts, kind="stable")[:SHOWN_VALUES]
    top = tuple((field.text(int(code)), int(counts[code])) for code in order if counts[code])
    missing = int(counts[field.absent].sum())
    basics, infinite = None, 0
    if field.numbers is not None:
        values = field.row_numbers()
        infinite = int(np.isinf(values).sum())
        values = values[np.isfinite(values)]
        basics = measure(values) if len(values) else None
    there = (counts > 0) & ~field.absent
    distinct = len(np.unique(field.plain[there])) if field.kind == "number" else int(there.sum())
    return Profile(field.name, field.kind, distinct, missing, missing - int(counts[-1]), top, basics, infinite)


def measure(values: Doubles) -> Basics:
    """Return the basics of finite numbers, at least one.

    Example:
        >>> found = measure(np.array([1.0, 2.0, 3.0, 10.0]))
        >>> found.mean, found.quantiles[3], round(found.skewness, 3)
        (4.0, 2.5, 1.018)
    """
    mean, std = float(values.mean()), float(values.std())
    skewness = kurtosis = None
    if std <= 1e-12 * abs(mean):  # rounding alone
        std = 0.0
    else:
        standard = (values - mean) / std
        third = standard**3
        skewness, kurtosis = float(third.mean()), float((third * standard).mean()) - 3
    return Basics(
        mean,
        std,
        tuple(float(one) for one in np.quantile(values, QUANTILES)),
        skewness,
        kurtosis,
    )


def missing_by_class(table: Table, field: Field) -> Doubles:
    """Return the share of each class's rows that have no value. [k]."""
    k = len(table.classes)
    gone = np.bincount(table.y[field.absent[field.codes]], minlength=k)
    shares: Doubles = gone / np.maximum(np.bincount(table.y, minlength=k), 1)
    return shares
