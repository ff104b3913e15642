"""Figures of single columns and of pairs: bars, histograms, box plots, matrices.

In: counts and shares. Out: `Html` for a page, in the manner of `figures.py`: the page's colors, every mark tells its
value on hover, and there is a text for who cannot see.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from redshank.report.figures import BOTTOM, COLORS, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, Scale, axes, number, short
from redshank.report.page import Html

ROW = 22  # height of a bar or box
CHARACTER = 7.3  # width of a letter of 12 px, about
LINES = 24
"""Cells of a matrix from which on they carry no text."""


@dataclass(frozen=True)
class Bar:
    """A bar.

    Args:
        name: Before it.
        value: Its length.
        text: Behind it.
        color: Which of the page's colors, 0 to 3.
    """

    name: str
    value: float
    text: str
    color: int = 0


def bars(items: Sequence[Bar], label: str, *, most: float | None = None, mark: tuple[float, str] | None = None) -> Html:
    """Draw horizontal bars.

    Args:
        items: From top to bottom.
        label: What their length is, for who cannot see them.
        most: The value of full length; the greatest if absent.
        mark: A value to draw a line at, and what it is.
    """
    full = most or max((item.value for item in items), default=0.0) or 1.0
    left = 12 + CHARACTER * max((len(short(item.name)) for item in items), default=0)
    right = 12 + CHARACTER * max((len(item.text) for item in items), default=0)
    top = 18 if mark else 4
    width, room = WIDTH + 60, WIDTH + 60 - left - right
    parts = []
    for at, item in enumerate(items):
        y, long = top + ROW * at, max(room * min(max(item.value / full, 0.0), 1.0), 0.5)
        hint = Html.of(f"{item.name}: {item.text}")
        parts.append(
            f'<g><title>{hint}</title><text x="{left - 6:.0f}" y="{y + 15}" text-anchor="end">'
            f"{Html.of(short(item.name))}</text>"
            f'<rect x="{left:.0f}" y="{y + 3}" width="{long:.1f}" height="{ROW - 6}" rx="2" '
            f'fill="{COLORS[item.color]}"/><text x="{left + long + 6:.1f}" y="{y + 15}">{Html.of(item.text)}</text></g>'
        )
    height = top + ROW * len(items) + 6
    if mark:
        x = left + room * min(mark[0] / full, 1.0)
        parts.append(
            f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{top - 3}" y2="{height - 4}" stroke-dasharray="3 3"/>'
            f'<text x="{x:.1f}" y="12" text-anchor="middle">{Html.of(mark[1])}</text>'
        )
    return _drawing(width, height, label, parts)


def histogram(edges: Sequence[float], counts: Sequence[Sequence[float]], names: Sequence[str], x: Axis) -> Html:
    """Draw how many rows lie between edges, groups on top of one another.

    Args:
        edges: Rising, one more than bins.
        counts: Rows per group and bin.
        names: Of the groups.
        x: The horizontal axis.

    Shape:
        edges: [b + 1]; counts: [s][b], s = len(names), at most 4.
    """
    whole = sum(map(sum, counts)) or 1
    totals = [sum(column) / whole for column in zip(*counts, strict=True)]
    y = Axis("share of rows", low=0, high=1.04 * max(totals, default=1) or 1, percent=True)
    across = Scale(Axis(x.label, edges[0], edges[-1]), edges, LEFT, WIDTH - RIGHT)
    up = Scale(y, totals, HEIGHT - BOTTOM, TOP)
    parts = [axes(across, up, x, y)]
    below = [0.0] * len(totals)
    for at, (name, rows) in enumerate(zip(names, counts, strict=True)):
        for i, count in enumerate(rows):
            if not count:
                continue
            left, right = across.at(edges[i]), across.at(edges[i + 1])
            high, low = up.at(below[i] + count / whole), up.at(below[i])
            below[i] += count / whole
            hint = f"{name}: {count:,.0f} rows from {number(edges[i], x)} to {number(edges[i + 1], x)}"
            parts.append(
                f'<rect x="{left + 0.4:.1f}" y="{high:.1f}" width="{max(right - left - 0.8, 0.6):.1f}" '
                f'height="{max(low - high, 0.6):.1f}" fill="{COLORS[at]}"><title>{Html.of(hint)}</title></rect>'
            )
    key = color_key(names) if len(names) > 1 else ""
    return Html(key + _drawing(WIDTH, HEIGHT, f"Histogram of {x.label}: {', '.join(names)}", parts, wide=True))


def box_plot(boxes: Sequence[tuple[str, Sequence[float], str]], x: Axis, *, first: int = 0) -> Html:
    """Draw a box per group: a line from the first to the last of five values, a box between the inner three.

    Args:
        boxes: Name, five rising values, and what it tells on hover.
        x: The horizontal axis.
        first: Color of the first box; the others have the next.
    """
    left = 14 + CHARACTER * max((len(short(name)) for name, _, _ in boxes), default=0)
    low, high = min((b[1][0] for b in boxes), default=0.0), max((b[1][4] for b in boxes), default=1.0)
    reach = 0.03 * (high - low)
    across = Scale(Axis(x.label, low - reach, high + reach), [low, high], left, WIDTH - RIGHT)
    bottom = TOP + ROW * len(boxes) + 4
    parts = []
    for mark in across.marks:
        at = across.at(mark)
        parts.append(
            f'<line class="grid-line" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{bottom}"/>'
            f'<text x="{at:.1f}" y="{bottom + 17}" text-anchor="middle">{number(mark, x)}</text>'
        )
    for i, (name, ends, hint) in enumerate(boxes):
        a, b, c, d, e = (across.at(value) for value in ends)
        y, color = TOP + ROW * i, COLORS[first if i == 0 else first + 1]
        parts.append(
            f'<g><title>{Html.of(hint)}</title><text x="{left - 8:.0f}" y="{y + 16}" text-anchor="end">'
            f'{Html.of(short(name))}</text><line x1="{a:.1f}" x2="{e:.1f}" y1="{y + 12}" y2="{y + 12}" '
            f'stroke="{color}" stroke-width="1.5"/><rect x="{b:.1f}" y="{y + 5}" width="{max(d - b, 1.5):.1f}" '
            f'height="14" rx="2" fill="{color}" fill-opacity=".35" stroke="{color}"/><line x1="{c:.1f}" x2="{c:.1f}" '
            f'y1="{y + 4}" y2="{y + 20}" stroke="{color}" stroke-width="3"/></g>'
        )
    parts.append(
        f'<line class="axis" x1="{left:.0f}" x2="{WIDTH - RIGHT}" y1="{bottom}" y2="{bottom}"/>'
        f'<text x="{(left + WIDTH - RIGHT) / 2:.0f}" y="{bottom + 36}" text-anchor="middle">{Html.of(x.label)}</text>'
    )
    return _drawing(WIDTH, bottom + 44, f"Box plots of {x.label}", parts, wide=True)


def matrix(
    values: Sequence[Sequence[float]],
    rows: Sequence[str],
    columns: Sequence[str],
    texts: Sequence[Sequence[str]],
    hints: Sequence[Sequence[str]],
    *,
    label: str,
    flat: bool = False,
) -> Html:
    """Draw cells, darker where the value is further from 0; blue above 0, orange below.

    Args:
        values: -1 to 1 each; NaN is drawn as an empty cell.
        rows: Names, from top to bottom.
        columns: Names, from left to right.
        texts: What stands in each cell; left away where there are many columns.
        hints: What each cell tells on hover.
        label: What it is, for who cannot see it.
        flat: Whether column names are left away and cells are narrow, as for slices of time.

    Shape:
        values, texts, hints: [r][c].
    """
    left = 14 + CHARACTER * max((len(short(name)) for name in rows), default=0)
    longest = max((len(short(name)) for name in columns), default=0)
    top = 6.0 if flat else 14 + 4.6 * longest
    many = len(columns) > LINES
    wide, high = (14, 20) if flat else (26, 22) if many else (46, 24)
    width = left + wide * len(columns) + (10 if flat else 10 + 5.6 * longest)
    parts = []
    if not flat:
        for j, name in enumerate(columns):
            place = f"translate({left + wide * (j + 0.5):.1f} {top - 6:.1f}) rotate(-40)"
            parts.append(f'<text transform="{place}">{Html.of(short(name))}<title>{Html.of(name)}</title></text>')
    for i, name in enumerate(rows):
        y = top + high * i
        parts.append(
            f'<text x="{left - 8:.0f}" y="{y + high / 2 + 4:.1f}" text-anchor="end">{Html.of(short(name))}'
            f"<title>{Html.of(name)}</title></text>"
        )
        for j, value in enumerate(values[i]):
            size = 0.0 if math.isnan(value) else min(abs(value), 1.0)
            opacity = 0.04 + 0.92 * size**0.7 if size else 0.03
            x = left + wide * j
            shown = "" if flat or many else texts[i][j]
            text = (
                f'<text class="cell{" on" if opacity > 0.55 else ""}" x="{x + wide / 2:.1f}" '
                f'y="{y + high / 2 + 4:.1f}" text-anchor="middle">{Html.of(shown)}</text>'
                if shown
                else ""
            )
            gap = 0.5 if flat else 1
            parts.append(
                f'<g><title>{Html.of(hints[i][j])}</title><rect x="{x + gap:.1f}" y="{y + 1:.1f}" '
                f'width="{wide - 2 * gap:.1f}" height="{high - 2}" rx="{1 if flat else 3}" '
                f'fill="var(--s{2 if value < 0 else 1})" fill-opacity="{opacity:.2f}"/>{text}</g>'
            )
    return _drawing(width, top + high * len(rows) + 6, label, parts)


def color_key(names: Sequence[str]) -> Html:
    """Say which color is whose."""
    items = "".join(
        f'<span><svg viewBox="0 0 28 12" aria-hidden="true"><rect x="6" width="16" height="12" rx="2" '
        f'fill="{COLORS[at]}"/></svg>{Html.of(name)}</span>'
        for at, name in enumerate(names)
    )
    return Html(f'<div class="key">{items}</div>')


def _drawing(width: float, height: float, label: str, parts: Sequence[str], *, wide: bool = False) -> Html:
    # Only plots with axes fill their column; bars and matrices keep the size of their text.
    frame = f'viewBox="0 0 {width:.0f} {height:.0f}"' + ("" if wide else f' width="{1.15 * width:.0f}"')
    return Html(f'<svg {frame} role="img" aria-label="{Html.of(label)}">{"".join(parts)}</svg>')
