"""Tables of experiments, as text, Markdown and HTML.

In: `Table` records. Out: sections for the terminal, Markdown, chapters of a page. A figure has its interval beside it;
what is not known is a dash.
"""

from collections.abc import Sequence

from redshank.learn.compare import Figure
from redshank.learn.table import Table, TableRow
from redshank.report import markdown as md
from redshank.report import wording
from redshank.report.page import Cell, Chapter, Html, facts, table
from redshank.report.summary import Row, Section

RATES = ("fpr", "false")
"""How the names of rates begin that are small when all is well: written in percent."""
COUNT = 2.0
"""What is larger than any measure is a number of things, written without decimals."""


def spelled(column: str, figure: Figure) -> str:
    """Write a figure of that column with its interval.

    Example:
        >>> spelled("fpr", Figure(0.0123)), spelled("accuracy", Figure(0.5, 0.25, 0.75))
        ('1.2 %', '0.500 (0.250 to 0.750)')
    """
    value, reach = _value(column, figure.mean), _reach(column, figure, " to ")
    return f"{value} ({reach})" if reach else value


def sections(tables: Sequence[Table], *, as_json: bool = False) -> list[Section]:
    """Return tables for the end of a command.

    Args:
        tables: What to show.
        as_json: Whether they will be shown as JSON; then mean and both ends of an interval are numbers of their own.
    """
    made = []
    for one in tables:
        title = one.title or "Results"
        made.append(Section(title, [_row(one, row, as_json=as_json) for row in one.rows]))
        made.append(Section(f"Where this comes from: {title}", dict(one.facts)))
    return made


def markdown(tables: Sequence[Table]) -> str:
    """Write tables as Markdown, a heading of the third level before each that has a title."""
    parts = []
    for one in tables:
        head = ["row", *map(wording.measure, one.columns), "seeds", "seconds a run"]
        rows = [
            [_named(row), *(spelled(c, row.figures.get(c, Figure(None))) for c in one.columns), *_last(row)]
            for row in one.rows
        ]
        where = "; ".join(f"{name}: {value}" for name, value in one.facts.items() if value)
        title = f"### {one.title}\n\n" if one.title else ""
        parts.append(title + md.table(head, rows) + (f"\n{where}.\n" if where else ""))
    return "\n".join(parts)


def document(
    title: str, what: str, words: Sequence[str], tables: Sequence[Table], notes: Sequence[str], *, level: int = 1
) -> str:
    """Write an experiment as Markdown: what it is, what came out, its tables, how it was done.

    Args:
        title: The heading.
        what: The first sentence.
        words: Paragraphs.
        tables: The tables.
        notes: Lines of a list at the end.
        level: Of the heading.
    """
    parts = [f"{'#' * level} {title}\n", f"{what}\n", *(f"{text}\n" for text in words)]
    parts += [markdown(tables)] if tables else []
    parts += ["".join(f"- {note}\n" for note in notes)] if notes else []
    return "\n".join(parts)


def chapters(tables: Sequence[Table]) -> list[Chapter]:
    """Return a chapter for each table of a page."""
    return [Chapter(one.title or "Results", [html(one), facts(list(one.facts.items()))]) for one in tables]


def html(one: Table) -> Html:
    """Lay out a table."""
    head = ["row", *map(wording.measure, one.columns), "seeds", "seconds a run"]
    rows: list[list[str | Cell]] = []
    for row in one.rows:
        figures = [(column, row.figures.get(column, Figure(None))) for column in one.columns]
        cells = [Cell(_value(column, f.mean), _reach(column, f, "\N{EN DASH}")) for column, f in figures]
        rows.append([Cell(row.name, row.note), *cells, *_last(row)])
    return table(head, rows)


def _row(one: Table, row: TableRow, *, as_json: bool) -> Row:
    if not as_json:
        figures = {wording.measure(c): spelled(c, row.figures.get(c, Figure(None))) for c in one.columns}
        return {"row": _named(row), **figures, "seeds": row.seeds, "s a run": _seconds(row)}
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


def _value(column: str, value: float | None) -> str:
    if value is not None and value > COUNT:
        return f"{value:,.0f}"
    return wording.percent(value) if column.startswith(RATES) else wording.share(value)


def _reach(column: str, figure: Figure, between: str) -> str:
    if figure.low is None or figure.high is None:
        return ""
    low, high = _value(column, figure.low), _value(column, figure.high)
    return f"{low.removesuffix(' %')}{between}{high}" if column.startswith(RATES) else f"{low}{between}{high}"
