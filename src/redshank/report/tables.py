"""Tables of experiments, as text, Markdown and HTML.

In: `Table` records. Out: sections for the terminal, Markdown, chapters of a page. A figure has its interval beside it;
what is not known is a dash, and a column of which nothing is known is left out. Hashes are cut where a person reads;
the files of cells and the JSON have them whole.
"""

import re
from collections.abc import Mapping, Sequence

from redshank.learn.compare import Figure
from redshank.learn.spelling import number, reach, spelled
from redshank.learn.table import Table, TableRow
from redshank.report import markdown as md
from redshank.report import wording
from redshank.report.page import Cell, Chapter, Html, small_print, table
from redshank.report.summary import Row, Section

NARROW = 4
"""Columns that a terminal has room for with their intervals; of a wider table the first column alone has them."""
HIDDEN = "Of wide tables the first column alone has them here; all are on the page, in Markdown and in JSON."
SHA256, COMMIT = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b"), re.compile(r"\b([0-9a-f]{8})[0-9a-f]{32}\b")


def sections(tables: Sequence[Table], *, as_json: bool = False) -> list[Section]:
    """Return tables for the end of a command.

    Args:
        tables: What to show.
        as_json: Whether they will be shown as JSON; then mean and both ends of an interval are numbers of their own.
    """
    made = []
    if as_json:
        for one in tables:
            title = one.title or "Results"
            made.append(Section(title, [_numbers(one, row) for row in one.rows]))
            made.append(Section(f"Where this comes from: {title}", dict(one.facts)))
        return made
    for one in tables:
        made.append(Section(one.title or "Results", _texts(one)))
        if one.facts:
            made.append(Section(f"Where this comes from: {made[-1].title}", {"": origin(one.facts)}))
    if any(_wide(one) for one in tables):
        made.append(Section("Intervals", {"": HIDDEN}))
    return made


def markdown(tables: Sequence[Table]) -> str:
    """Write tables as Markdown, a heading of the second level before each that has a title."""
    parts = []
    for one in tables:
        columns = known(one)
        head = ["row", *map(wording.heading, columns), "seeds", "s a run"]
        rows = [
            [_named(row), *(spelled(c, row.figures.get(c, Figure(None))) for c in columns), *_last(row)]
            for row in one.rows
        ]
        title = f"## {one.title}\n\n" if one.title else ""
        where = origin(one.facts)
        parts.append(title + md.table(head, rows) + (f"\n{where}\n" if where else ""))
    return "\n".join(parts)


def document(title: str, what: str, words: Sequence[str], tables: Sequence[Table], notes: Sequence[str]) -> str:
    """Write an experiment as Markdown: what it is, what came out, its tables, how it was done.

    Args:
        title: The heading.
        what: The first sentence.
        words: Paragraphs.
        tables: The tables.
        notes: Lines of a list at the end.
    """
    parts = [f"# {title}\n", f"{what}\n", *(f"{text}\n" for text in words)]
    parts += [markdown(tables)] if tables else []
    parts += ["## How it was done\n", "".join(f"- {note}\n" for note in notes)] if notes else []
    return "\n".join(parts)


def chapters(tables: Sequence[Table]) -> list[Chapter]:
    """Return a chapter for each table of a page."""
    return [Chapter(one.title or "Results", [html(one), small_print(origin(one.facts))]) for one in tables]


def html(one: Table) -> Html:
    """Lay out a table."""
    columns = known(one)
    head = ["row", *map(wording.heading, columns), "seeds", "s a run"]
    rows: list[list[str | Cell]] = []
    for row in one.rows:
        figures = [(column, row.figures.get(column, Figure(None))) for column in columns]
        cells = [Cell(number(column, f.mean), reach(column, f, "\N{EN DASH}")) for column, f in figures]
        rows.append([Cell(row.name, row.note), *cells, *_last(row)])
    return table(head, rows)


def known(one: Table) -> list[str]:
    """Return the columns in which a row has a figure; all of a table without rows."""
    there = {name for row in one.rows for name, figure in row.figures.items() if figure.mean is not None}
    return [column for column in one.columns if column in there or not one.rows]


def origin(facts: Mapping[str, str]) -> str:
    """Write where a table comes from in one line, hashes cut to what tells them apart.

    Example:
        >>> origin({"data": "drawn sha256 " + 64 * "0", "protocol": "leakfree", "cells": "4 of 6", "commit": ""})
        'data: drawn sha256 000000000000; protocol: leakfree; cells: 4 of 6.'
    """
    line = "; ".join(f"{name}: {value}" for name, value in facts.items() if value)
    return COMMIT.sub(r"\1", SHA256.sub(r"\1", line)) + "." if line else ""


def _texts(one: Table) -> list[Row]:
    columns = known(one)
    rows: list[Row] = []
    for row in one.rows:
        figures = {}
        for place, column in enumerate(columns):
            figure = row.figures.get(column, Figure(None))
            bare = _wide(one) and place > 0
            figures[wording.heading(column)] = number(column, figure.mean) if bare else spelled(column, figure)
        rows.append({"row": _named(row), **figures, "seeds": row.seeds, "s a run": _seconds(row)})
    return rows


def _wide(one: Table) -> bool:
    return len(known(one)) > NARROW


def _numbers(one: Table, row: TableRow) -> Row:
    numbers: dict[str, float | None] = {}
    for column in one.columns:
        figure = row.figures.get(column, Figure(None))
        numbers |= {column: figure.mean, f"{column}_low": figure.low, f"{column}_high": figure.high}
    return {"row": row.name, **numbers, "seeds": row.seeds, "seconds": row.training_s, "note": row.note or None}


def _named(row: TableRow) -> str:
    return f"{row.name} ({row.note})" if row.note else row.name


def _last(row: TableRow) -> list[str]:
    return [str(row.seeds), _seconds(row)]


def _seconds(row: TableRow) -> str:
    if row.training_s is None:
        return wording.UNKNOWN
    return f"{row.training_s:,.0f}" if row.training_s >= 10 else f"{row.training_s:.1f}"
