"""Sentences that several experiments say of their results.

In: `Results`. Out: paragraphs, or none where the figures they need are missing. Every number is formatted from a
result: text in this folder never types a figure that was measured here.
"""

from collections.abc import Sequence
from statistics import fmean

from redshank.experiments.experiment import BESIDE, Results
from redshank.experiments.glance import CONSTANT, LOOKUP, best_first
from redshank.learn.compare import Figure, over_seeds
from redshank.learn.spelling import spelled
from redshank.learn.table import Table, TableRow

KNOWING_NOTHING = (CONSTANT, LOOKUP)


def told(figure: Figure, *, rate: bool = False) -> str:
    """Write a figure with its interval.

    Args:
        figure: The figure.
        rate: Whether it is a small rate, written in percent.

    Example:
        >>> told(Figure(0.5, 0.25, 0.75)), told(Figure(0.0123), rate=True), told(Figure(None))
        ('0.500 (0.250 to 0.750)', '1.2 %', 'unknown')
    """
    return "unknown" if figure.mean is None else spelled("fpr" if rate else "", figure)


def first_seeds(what: str, count: int) -> str:
    """Say that rows have fewer seeds than others.

    Args:
        what: Which rows, in the plural.
        count: How many seeds.

    Example:
        >>> first_seeds("Rows of svm", 1), first_seeds("Rows of svm", 5)
        ('Rows of svm were run with the first seed alone', 'Rows of svm were run with the first 5 seeds alone')
    """
    return f"{what} were run with the first {'seed' if count == 1 else f'{count} seeds'} alone"


def spread(rates: Sequence[float]) -> str:
    """Write the least and the largest of small rates, or nothing if there are none.

    Args:
        rates: In order.

    Example:
        >>> spread([0.0, 0.02, 0.34]), spread([0.02]), spread([])
        ('0 % to 34 %', '2 %', '')
    """
    ends = [told(Figure(rate), rate=True) for rate in (rates[0], rates[-1])] if rates else []
    return " to ".join(dict.fromkeys(ends))


def rows_of(results: Results, table: str) -> list[str]:
    """Return the rows of a table that there are results for."""
    return list(dict.fromkeys(result.cell.row for result in results.of(table=table)))


def ranked(results: Results, name: str, table: str) -> list[tuple[str, Figure]]:
    """Return the rows of a table and a figure, the highest first, without what looks at nothing.

    Where rows were run with several seeds, those that were run once are left out: one of them may be lucky.
    """
    rows = [row for row in rows_of(results, table) if not row.startswith(KNOWING_NOTHING)]
    several = [row for row in rows if len(results.of(table=table, row=row)) > 1]
    found = [(row, results.figure(name, table=table, row=row)) for row in several or rows]
    known = [(row, figure, figure.mean) for row, figure in found if figure.mean is not None]
    return [(row, figure) for row, figure, _ in sorted(known, key=lambda item: -item[2])]


def best(results: Results, name: str, table: str, *, called: str = "") -> list[str]:
    """Say which row of a table is best, beside boosted trees and what memory or nothing reaches."""
    order = ranked(results, name, table)
    if not order:
        return []
    named = called or name.replace("_at_0.01", " at 1 % false alarms").replace("_", "-").replace("-f1", "-F1")
    row, figure = order[0]
    text = f"{table}: the best {named} is {told(figure)}, of {row}"
    beside = [(other, results.figure(name, table=table, row=other)) for other in BESIDE]
    shown = [f"{other} {told(value)}" for other, value in beside if value.mean is not None and other != row]
    return [text + (f"; beside it {', '.join(shown)}." if shown else ".")]


def mean_over(results: Results, tables: Sequence[str], columns: tuple[str, ...], title: str) -> Table:
    """Make a table of means over tables, of the rows and seeds that all of them have.

    Args:
        results: What is known.
        tables: Titles of tables with the same rows.
        columns: The figures.
        title: Of the new table.
    """
    rows = []
    for name in dict.fromkeys(cell.row for cell in results.cells if cell.table in tables):
        runs = [run for run in results.of(row=name) if run.cell.table in tables and run.outcome is not None]
        seeds = [
            [run for run in runs if run.cell.seed == seed] for seed in dict.fromkeys(run.cell.seed for run in runs)
        ]
        whole = [some for some in seeds if len(some) == len(tables)]
        figures = {}
        for column in columns:
            found = [[run.outcome.figures.get(column) for run in some if run.outcome] for some in whole]
            known = [[value for value in values if value is not None] for values in found]
            means = [fmean(values) if len(values) == len(tables) else None for values in known]
            figures[column] = Figure(means[0]) if len(means) == 1 else over_seeds(column, means)
        if whole:
            rows.append(TableRow(name, figures, len(whole), fmean(run.seconds for run in runs)))
    return Table(title, columns, best_first(rows, columns[0]))


def counted(results: Results, table: str) -> list[str]:
    """Say which rows the figures are over."""
    first = next((result.outcome for result in results.of(table=table) if result.outcome is not None), None)
    if first is None or not first.rows:
        return []
    train, test = (first.rows.get(part, 0) for part in ("train", "test"))
    return [f"{table}: {train:,} rows train and {test:,} test in the first seed, each distinct vector once."]


def gain(results: Results, name: str, table: str, row: str, against: str) -> float | None:
    """Return by how much a figure of one row is above that of another, in the mean over the seeds that both have."""
    of, other = (
        {
            run.cell.seed: run.outcome.figures.get(name)
            for run in results.of(table=table, row=one)
            if run.outcome is not None
        }
        for one in (row, against)
    )
    both = [(value, other.get(seed)) for seed, value in of.items()]
    gains = [mine - theirs for mine, theirs in both if mine is not None and theirs is not None]
    return fmean(gains) if gains else None
