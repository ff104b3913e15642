"""An experiment in one line: the best model beside boosted trees and a table that only remembers.

In: a `Table` and one of its columns. Out: a `Glance`, with a short sentence that the figures decide. The one idea: a
reader who looks at one line per experiment must see the two rows that a figure has to beat, and hear whether it does.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from redshank.learn.compare import Figure
from redshank.learn.table import Table, TableRow

TREES, LOOKUP, CONSTANT = "lightgbm", "lookup", "constant"
ALIKE = 0.01
"""Measures that differ by less are alike, where no interval says more."""
UNKNOWN = Figure(None)


@dataclass(frozen=True)
class Named:
    """A figure and the row that it is of."""

    row: str
    figure: Figure


@dataclass(frozen=True)
class Glance:
    """One line.

    Args:
        measure: Name of the column.
        best: The best row that is neither boosted trees nor one of those that know nothing; None if there is none.
        trees: The best row of boosted trees.
        lookup: The row that only remembers.
        meaning: What it means, one short sentence.
        where: Which table or condition the figures are of, or "".
    """

    measure: str
    best: Named | None
    trees: Figure
    lookup: Figure
    meaning: str
    where: str = ""


def is_a(row: str, name: str) -> bool:
    """Tell whether a row is that model, whatever it says beside its name.

    Example:
        >>> is_a("lightgbm, window of 16", "lightgbm"), is_a("lightgbm_x", "lightgbm")
        (True, False)
    """
    return row == name or row.startswith((f"{name},", f"{name} "))


def low_is_good(column: str) -> bool:
    """Tell whether a column is a rate of false alarms or of errors.

    Example:
        >>> low_is_good("fpr_at_0.01"), low_is_good("recall")
        (True, False)
    """
    return column.startswith(("fpr", "ece"))


def best_first(rows: Iterable[TableRow], column: str) -> tuple[TableRow, ...]:
    """Order rows by a column; boosted trees, the lookup table and the constant come last, then what is not known.

    Args:
        rows: Rows of a table.
        column: Name of a figure.
    """
    last = (TREES, LOOKUP, CONSTANT)

    def place(row: TableRow) -> tuple[int, bool, float]:
        return (1 + last.index(row.name) if row.name in last else 0, *_rank(row, column))

    return tuple(sorted(rows, key=place))


def lead(rows: Iterable[TableRow], column: str) -> TableRow | None:
    """Return the row with the best figure, of those that were run with several seeds if there are any.

    A single run may be lucky: the best of twenty single runs is.
    """
    known = [row for row in rows if row.figures.get(column, UNKNOWN).mean is not None]
    several = [row for row in known if row.seeds > 1]
    return min(several or known, key=lambda row: _rank(row, column), default=None)


def _rank(row: TableRow, column: str) -> tuple[bool, float]:
    """Return what is lower the better a row is."""
    value = row.figures.get(column, UNKNOWN).mean
    return (True, 0.0) if value is None else (False, value if low_is_good(column) else -value)


def glance(table: Table, column: str, *, meaning: str = "", where: str = "") -> Glance | None:
    """Say in one line what a table shows.

    Args:
        table: The table.
        column: Which of its figures is looked at.
        meaning: The sentence; one that the figures decide if absent.
        where: Which table or condition the figures are of.

    Returns:
        None if neither another model nor boosted trees have that figure.
    """
    others = [row for row in table.rows if not any(is_a(row.name, name) for name in (TREES, LOOKUP, CONSTANT))]
    chosen = lead(others, column)
    best = None if chosen is None else Named(chosen.name, chosen.figures[column])
    beside = [lead((row for row in table.rows if is_a(row.name, name)), column) for name in (TREES, LOOKUP)]
    trees, lookup = (UNKNOWN if row is None else row.figures[column] for row in beside)
    if best is None and trees.mean is None:
        return None
    said = meaning or verdict(best, trees, lookup, low=low_is_good(column))
    return Glance(column, best, trees, lookup, said, where)


def verdict(best: Named | None, trees: Figure, lookup: Figure, *, low: bool = False) -> str:
    """Say which of three leads.

    Args:
        best: The best other model.
        trees: Boosted trees.
        lookup: The row that only remembers.
        low: Whether lower is better.

    Example:
        >>> verdict(Named("fnn", Figure(0.95)), Figure(0.96, 0.955, 0.965), Figure(0.8))
        'Boosted trees lead; remembering is worse (by single runs).'
    """
    one = trees if best is None else best.figure
    order = 0 if best is None else ahead(one, trees, low=low)
    if best is None:
        said = "Only boosted trees were measured"
    elif trees.mean is None:
        said = "Boosted trees were not measured"
    else:
        said = {1: f"{best.row} beats boosted trees", 0: "No model beats boosted trees", -1: "Boosted trees lead"}[
            order
        ]
    if lookup.mean is not None:
        memory = {1: "is worse", 0: "does as well", -1: "does better"}
        said += f"; remembering {memory[ahead(trees if order < 0 else one, lookup, low=low)]}"
    single = any(figure.mean is not None and figure.low is None for figure in (one, trees, lookup))
    return f"{said} (by single runs)." if single else f"{said}."


def ahead(one: Figure, other: Figure, *, low: bool = False) -> int:
    """Return 1 if `one` is better, -1 if `other` is, 0 if they cannot be told apart.

    Two intervals that do not overlap tell them apart; where one is missing, a difference of `ALIKE` does.
    """
    if one.mean is None or other.mean is None:
        return 0
    bounds = [(f.low, f.high) for f in (one, other)]
    apart = abs(one.mean - other.mean) >= ALIKE
    if all(a is not None and b is not None for a, b in bounds):
        (one_low, one_high), (other_low, other_high) = ((a or 0.0, b or 0.0) for a, b in bounds)
        apart = one_low > other_high or one_high < other_low
    return 0 if not apart else 1 if (one.mean > other.mean) != low else -1
