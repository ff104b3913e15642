"""Sentences that several experiments say of their results.

In: `Results`. Out: paragraphs, or none where the figures they need are missing. Every number is formatted from a
result: text in this folder never types a figure that was measured here.
"""

from statistics import fmean

from redshank.experiments.experiment import Results
from redshank.learn.compare import Figure

KNOWING_NOTHING = ("constant", "lookup")


def told(figure: Figure, *, rate: bool = False) -> str:
    """Write a figure with its interval.

    Args:
        figure: The figure.
        rate: Whether it is a small rate, written in percent.

    Example:
        >>> told(Figure(0.5, 0.25, 0.75)), told(Figure(0.0123), rate=True), told(Figure(None))
        ('0.500 (0.250 to 0.750)', '1.23 %', 'unknown')
    """
    if figure.mean is None:
        return "unknown"

    def one(value: float) -> str:
        return f"{100 * value:.3g} %" if rate else f"{value:.3f}" if abs(value) < 0.9995 else f"{value:.5f}"

    if figure.low is None or figure.high is None:
        return one(figure.mean)
    return f"{one(figure.mean)} ({one(figure.low)} to {one(figure.high)})"


def rows_of(results: Results, table: str) -> list[str]:
    """Return the rows of a table that there are results for."""
    return list(dict.fromkeys(result.cell.row for result in results.of(table=table)))


def ranked(results: Results, name: str, table: str) -> list[tuple[str, Figure]]:
    """Return the rows of a table and a figure, the highest first, without what looks at nothing."""
    found = [
        (row, results.figure(name, table=table, row=row))
        for row in rows_of(results, table)
        if not row.startswith(KNOWING_NOTHING)
    ]
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
    beside = [(other, results.figure(name, table=table, row=other)) for other in ("lightgbm", *KNOWING_NOTHING)]
    shown = [f"{other} {told(value)}" for other, value in beside if value.mean is not None and other != row]
    return [text + (f"; beside it {', '.join(shown)}." if shown else ".")]


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
