"""Chapters of an exploration's page: what the columns hold and how they go together.

In: a `Survey`. Out: a chapter per view of it, for `write_page`.
"""

import datetime as dt
import itertools
import math
from collections.abc import Sequence

import numpy as np

from redshank.data.explore.profile import QUANTILES
from redshank.data.explore.survey import Crossed, Survey, Timeline, View
from redshank.report.figures import Axis, Line, line_plot
from redshank.report.page import Chapter, Html, figure, grid, table
from redshank.report.plots import Bar, bars, box_plot, histogram, matrix
from redshank.report.wording import UNKNOWN, percent

SHOWN, SHOWN_PAIRS, SHOWN_CATEGORIES = 30, 12, 12
APART = 0.05
"""Between the classes' shares of missing values, from where the shares are shown."""


def columns(survey: Survey) -> Chapter:
    """Describe every column."""
    head = ["column", "kind", "commonest values", "distinct", "missing"]
    rows = []
    n = len(survey.table)
    for p in survey.profiles:
        top = ", ".join(f"{_cut(value)} ({percent(count / n)})" for value, count in p.top[:2])
        kind = p.kind + (", identifier" if p.name in survey.identifiers else "")
        kind += ", constant" if p.distinct <= 1 else ""
        rows.append([p.name, kind, top, f"{p.distinct:,}", percent(p.missing / n) if p.missing else "0"])
    content: list[str] = [table(head, rows, texts=3)]
    if survey.table.left_out:
        content.append(f"Left out, because they hold lists or records: {', '.join(survey.table.left_out)}.")
    return Chapter("Columns", content)


def numbers(survey: Survey) -> Chapter:
    """Show the basics of every number."""
    names = ["least" if q == 0 else "most" if q == 1 else f"{100 * q:g} %" for q in QUANTILES]
    head = ["column", "mean", "std", *names, "skewness", "kurtosis"]
    rows = []
    for p in survey.profiles:
        if p.basics is not None and p.distinct > 1:
            b = p.basics
            values = [b.mean, b.std, *b.quantiles, b.skewness, b.kurtosis]
            rows.append([p.name, *map(_value, values)])
    text = (
        "Kurtosis is the excess over a normal distribution's. A skewness far from 0 asks for a logarithm or bins. "
        "Columns of one value are left out."
    )
    return Chapter("Numbers", [text, table(head, rows)] if rows else ["There is no column of numbers."])


def missing(survey: Survey) -> Chapter:
    """Show which values are missing, and in which classes."""
    n = len(survey.table)
    gone = sorted((p for p in survey.profiles if p.missing), key=lambda p: -p.missing)
    if not gone:
        return Chapter("Missing values", ["No value is missing."])
    shown = gone[:SHOWN]
    drawn = [Bar(p.name, p.missing / n, percent(p.missing / n)) for p in shown]
    content: list[str] = [
        _gone(len(gone), len(survey.profiles)),
        figure(bars(drawn, "Share of rows without a value", most=1.0), "Rows without a value"),
    ]
    apart = [p for p in shown if np.ptp(survey.missing[p.name]) >= APART]
    if survey.table.labelled and apart:
        shown = apart
        values = [survey.missing[p.name].tolist() for p in shown]
        texts = [[f"{100 * v:.0f}" for v in row] for row in values]
        hints = [
            [f"{p.name}, {name}: {percent(v)} missing" for name, v in zip(survey.table.classes, row, strict=True)]
            for p, row in zip(shown, values, strict=True)
        ]
        cells = matrix(values, [p.name for p in shown], survey.table.classes, texts, hints, label="Missing by class")
        content.append(figure(cells, "Percent of each class's rows without a value, where classes differ"))
    return Chapter("Missing values", content)


def _gone(columns: int, of: int) -> str:
    return (
        f"{columns} of {of} columns lack values: empty, or a sign such as “-”. Where a class lacks what others have, "
        "absence itself tells the class."
    )


def classes(survey: Survey) -> Chapter:
    """Show the classes, over time if there is a time."""
    t = survey.table
    if not t.labelled:
        timelines = [timeline(survey, one) for one in survey.timelines if one.of == "time"]
        return Chapter("Rows over time", [*timelines] or ["There is no column of time."])
    rows = np.bincount(t.y, minlength=len(t.classes))
    drawn = [
        Bar(name, float(count), f"{count:,} ({percent(count / len(t))})", 0 if at == 0 and t.benign else 1)
        for at, (name, count) in enumerate(zip(t.classes, rows, strict=True))
    ]
    content: list[str] = [figure(bars(drawn, "Rows per class"), "Rows per class")]
    content += [timeline(survey, one) for one in survey.timelines if one.of == "time"]
    return Chapter("Classes", content)


def categories(survey: Survey) -> Chapter:
    """Show categories by class."""
    text = "Percent of each class's rows that have a value, the commonest values first; the counts show on hover."
    drawn = [_crossed(survey, one) for one in survey.crossed]
    return Chapter("Categories", [text, *(grid(drawn[at : at + 2]) for at in range(0, len(drawn), 2))])


def distributions(survey: Survey) -> Chapter:
    """Show numbers by class."""
    text = (
        f"The {len(survey.views)} numbers that tell most about the class, identifiers last. Bins and densities leave "
        "the outermost thousandth at each end to the last bin; a scale of log10(1 + value), with the sign kept, is "
        "said at the axis. A box holds the middle half of a class's rows, its line the middle 90 %."
    )
    return Chapter("Distributions", [text, *(grid(_view(view, benign=survey.table.benign)) for view in survey.views)])


def together(survey: Survey) -> Chapter:
    """Show what goes together with what."""
    content: list[str] = []
    if len(survey.numbers) > 1:
        content.append(
            "Pearson's correlation asks for a straight line, Spearman's for any rise; blue is together, orange "
            "against. Rows where one of the two is missing do not count for a pair."
        )
        content += [
            figure(_square(values.tolist(), survey.numbers, name), f"{name}'s correlation of numbers")
            for name, values in (("Pearson", survey.pearson), ("Spearman", survey.spearman))
        ]
        content.append(_strongest(survey))
    if len(survey.categories) > 1:
        text = "Cramér's V of categories: 0 they go each its own way, 1 one tells the other. The last row is the class."
        content += [
            text,
            figure(_square(survey.cramer.tolist(), survey.categories, "Cramér's V"), "Cramér's V of categories"),
        ]
    drawn = []
    for one in survey.scatters:
        lines = [Line(name, x.tolist(), y.tolist(), joined=False, marks=True) for name, x, y in one.points]
        axes = _axis(one.x, heavy=one.heavy[0]), _axis(one.y, heavy=one.heavy[1])
        drawn.append(
            figure(
                line_plot(lines, *axes),
                f"{one.y} over {one.x}",
                f"A sample of {sum(len(x) for _, x, _ in one.points)} rows.",
            )
        )
    return Chapter(
        "What goes together", [*content, grid(drawn)] if content else ["There are no two columns to compare."]
    )


def timeline(survey: Survey, one: Timeline) -> Html:
    """Draw the rows of each class over time or over the file."""
    names = survey.table.classes
    totals = one.counts.max(axis=1, keepdims=True).clip(min=1)
    slices = one.counts.shape[1]
    edges = np.linspace(one.start, one.end, slices + 1)
    said = [f"{_moment(a, one.of)} to {_moment(b, one.of)}" for a, b in itertools.pairwise(edges)]
    hints = [
        [f"{name}: {int(v):,} rows, {said[j]}" for j, v in enumerate(row)]
        for name, row in zip(names, one.counts, strict=True)
    ]
    empty = [[""] * slices] * len(names)
    drawn = matrix(
        (one.counts / totals).tolist(),
        names,
        [""] * slices,
        empty,
        hints,
        label=f"Rows per class over {one.of}",
        flat=True,
    )
    title = "Classes over the file" if one.of == "row" else "Classes over time"
    return figure(drawn, title, f"From {_moment(one.start, one.of)} to {_moment(one.end, one.of)}, in {slices} slices.")


def _moment(value: float, of: str) -> str:
    if of == "row":
        return f"row {value:,.0f}"
    try:
        when = dt.datetime.fromtimestamp(value, tz=dt.UTC)
    except (OverflowError, ValueError, OSError):
        return f"{value:,.6g}"
    return f"{when:%Y-%m-%d %H:%M}" if value > 1e8 else f"{value:,.6g}"


def _cut(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"


def _value(value: float | None) -> str:
    if value is None or not math.isfinite(value):
        return UNKNOWN
    if value == int(value) and abs(value) < 1e6:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e6 else f"{value:.3g}"


def _crossed(survey: Survey, one: Crossed) -> Html:
    if not survey.table.labelled:
        total = one.counts.sum()
        items = list(zip(one.values, one.counts[:, 0], strict=True))[:SHOWN_CATEGORIES]
        return figure(
            bars([Bar(v, float(c), f"{c:,} ({percent(c / total)})") for v, c in items], f"Rows by {one.name}"), one.name
        )
    shares = one.counts / one.counts.sum(axis=0).clip(min=1)
    most = min(len(one.values), SHOWN_CATEGORIES)
    texts = [
        [f"{100 * v:.0f}" if v >= 0.005 else "·" if not c else "<1" for v, c in zip(row, counts, strict=True)]
        for row, counts in zip(shares, one.counts, strict=True)
    ]
    hints = [
        [f"{one.name} “{value}”, {name}: {int(c):,} rows" for name, c in zip(survey.table.classes, row, strict=True)]
        for value, row in zip(one.values, one.counts, strict=True)
    ]
    drawn = matrix(
        shares[:most].tolist(), one.values[:most], survey.table.classes, texts, hints, label=f"{one.name} by class"
    )
    return figure(
        drawn, one.name, f"{len(one.values) - most} more values are not shown." if most < len(one.values) else ""
    )


def _axis(name: str, *, heavy: bool) -> Axis:
    return Axis(f"log10(1 + {name})" if heavy else name)


def _view(view: View, *, benign: bool) -> list[Html]:
    x = _axis(view.name, heavy=view.heavy)
    lines = [
        Line(name, view.grid.tolist(), values.tolist(), color=at)
        for at, (name, values) in enumerate(zip(view.sides, view.densities, strict=True))
        if len(values)
    ]
    boxes = [
        (
            one.name,
            one.ends,
            f"{one.name}, {one.rows:,} rows: "
            + ", ".join(f"{s} % {v:.4g}" for s, v in zip((5, 25, 50, 75, 95), one.ends, strict=True)),
        )
        for one in view.boxes
    ]
    return [
        figure(histogram(view.edges.tolist(), view.counts.tolist(), view.sides, x), f"{view.name}: rows"),
        figure(line_plot(lines, x, Axis("density", low=0.0)), f"{view.name}: density of each group"),
        figure(box_plot(boxes, x, first=0 if benign else 1), f"{view.name}: by class"),
    ]


def _square(values: list[list[float]], names: Sequence[str], what: str) -> Html:
    texts = [[_cell(v) for v in row] for row in values]
    hints = [
        [
            f"{what} of {a} and {b}: {'not defined' if math.isnan(v) else f'{v:.3f}'}"
            for b, v in zip(names, row, strict=True)
        ]
        for a, row in zip(names, values, strict=True)
    ]
    return matrix(values, names, names, texts, hints, label=f"{what} of {', '.join(names)}")


def _cell(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:.2f}".replace("0.", ".").replace("1.00", "1") if abs(value) >= 0.005 else "0"


def _strongest(survey: Survey) -> Html:
    pairs = [
        (abs(float(survey.spearman[i, j])), i, j)
        for i in range(len(survey.numbers))
        for j in range(i)
        if math.isfinite(survey.spearman[i, j])
    ]
    pairs.sort(reverse=True)
    rows = [
        [f"{survey.numbers[j]} + {survey.numbers[i]}", _two(survey.pearson[i, j]), _two(survey.spearman[i, j])]
        for _, i, j in pairs[:SHOWN_PAIRS]
    ]
    return table(["the strongest pairs", "Pearson", "Spearman"], rows)


def _two(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"{value:.3f}"
