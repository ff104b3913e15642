"""Figures as inline SVG.

In: numbers and names. Out: `Html` for a page. Colors are the page's names, so a figure follows its theme; each series
differs by dash as well as by color, every mark tells its value on hover, and a figure has a text for who cannot see it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from redshank.report.page import Html

COLORS = ("var(--s1)", "var(--s2)", "var(--s3)", "var(--s4)", "var(--s5)")
LEAST = 1e-300
"""The least number that a logarithmic axis shows: a tenth of it is still above 0."""
DASHES = ("", "7 4", "2 4", "10 3 2 3", "12 5")
WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 54, 24, 12, 44
FEW = 3
"""A logarithmic axis with fewer powers of ten has marks between them."""
# A label longer than this would take the room of the cells; its whole text shows on hover.
LABEL_CHARACTERS = 18


@dataclass(frozen=True)
class Line:
    """A series of points.

    Args:
        name: In the key.
        x, y: Its points, x rising; a point that is not finite breaks the line.
        low, high: A band around it, one value per point, or empty.
        marks: Whether every point is marked.
        color: Which of the page's colors, 0 to 4; by position if absent.
        joined: Whether the points are joined.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    low: Sequence[float] = ()
    high: Sequence[float] = ()
    marks: bool = False
    color: int | None = None
    joined: bool = True


@dataclass(frozen=True)
class Axis:
    """One axis.

    Args:
        label: Its name, with the unit.
        low, high: Its range; from the data where absent.
        log: Whether steps are factors of ten; then values below `low` are drawn at `low`.
        percent: Whether ticks are written in percent.
        whole: Whether ticks stand at whole numbers only.
    """

    label: str
    low: float | None = None
    high: float | None = None
    log: bool = False
    percent: bool = False
    whole: bool = False


def line_plot(lines: Sequence[Line], x: Axis, y: Axis, *, diagonal: bool = False) -> Html:
    """Draw series, with bands where they have them.

    Args:
        lines: What to draw; a line without finite points is only in the key.
        x: The horizontal axis.
        y: The vertical axis.
        diagonal: Whether to draw where y = x.
    """
    said = f"{y.label} against {x.label}: {', '.join(line.name for line in lines)}"
    key = _key(lines) if len(lines) > 1 else ""
    inside = drawn(lines, x, y, diagonal=diagonal)
    return Html(f'{key}<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{Html.of(said)}">{inside}</svg>')


def drawn(lines: Sequence[Line], x: Axis, y: Axis, *, diagonal: bool = False) -> str:
    """Return what stands inside the frame of a plot, `WIDTH` by `HEIGHT`; see `line_plot`."""
    across = Scale(x, [v for line in lines for v in line.x], LEFT, WIDTH - RIGHT)
    values = [v for line in lines for v in (*line.y, *line.low, *line.high)]
    up = Scale(y, values, HEIGHT - BOTTOM, TOP)
    parts = [axes(across, up, x, y)]
    if diagonal:
        parts.append(
            f'<line x1="{across.at(0):.1f}" y1="{up.at(0):.1f}" x2="{across.at(1):.1f}" y2="{up.at(1):.1f}" '
            'class="axis" stroke-dasharray="3 4"/>'
        )
    bands = [_band(line, _color(line, i), across, up) for i, line in enumerate(lines)]
    series = [_series(line, i, across, up, (x, y)) for i, line in enumerate(lines)]
    return "".join([*parts, *bands, *series])


def heat_map(
    values: Sequence[Sequence[float]],
    names: Sequence[str],
    texts: Sequence[Sequence[str]],
    hints: Sequence[Sequence[str]],
) -> Html:
    """Draw a square of cells, darker where the value is higher.

    Args:
        values: 0 to 1 each; row = truth, column = what it was called.
        names: Of rows and columns.
        texts: What stands in each cell.
        hints: What each cell tells on hover.

    Shape:
        values, texts, hints: k x k; k = len(names).
    """
    k = len(names)
    longest = max(min(len(name), LABEL_CHARACTERS) for name in names)
    left, top = 26 + 7 * longest, 18 + 5 * longest
    size = max(44, min(88, (WIDTH - left) // k))
    width, height = left + size * k + 4 * longest, top + size * k + 24
    parts = []
    for i in range(k):
        middle = size * i + size / 2
        name, whole = Html.of(short(names[i])), Html.of(names[i])
        parts.append(
            f'<text x="{left - 8}" y="{top + middle + 4:.1f}" text-anchor="end">{name}<title>{whole}</title></text>'
            f'<text transform="translate({left + middle:.1f} {top - 8}) rotate(-35)">{name}'
            f"<title>{whole}</title></text>"
        )
        for j in range(k):
            share = min(max(values[i][j], 0.0), 1.0)
            opacity = 0.04 + 0.92 * share**0.6
            on = " on" if opacity > 0.55 else ""
            x, y = left + size * j, top + size * i
            parts.append(
                f'<g><title>{Html.of(hints[i][j])}</title><rect x="{x + 1}" y="{y + 1}" width="{size - 2}" '
                f'height="{size - 2}" rx="3" fill="var(--s1)" fill-opacity="{opacity:.3f}"/>'
                f'<text class="cell{on}" x="{x + size / 2}" y="{y + size / 2 + 4}" text-anchor="middle">'
                f"{Html.of(texts[i][j])}</text></g>"
            )
    parts.append(
        f'<text x="{left + size * k / 2}" y="{height - 6}" text-anchor="middle">called</text>'
        f'<text transform="translate(12 {top + size * k / 2}) rotate(-90)" text-anchor="middle">truly</text>'
    )
    said = f"Confusion matrix of {', '.join(names)}"
    # Small matrices are not blown up to the width of the page.
    frame = f'viewBox="0 0 {width} {height}" width="{1.3 * width:.0f}"'
    return Html(f'<svg {frame} role="img" aria-label="{Html.of(said)}">{"".join(parts)}</svg>')


def ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """Return four to seven round numbers from `low` to `high`.

    Example:
        >>> ticks(0, 1)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
        >>> ticks(1, 3, whole=True)
        [1.0, 2.0, 3.0]
    """
    if not high > low:
        return [low]
    rough = (high - low) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999)
    if whole:
        step = max(1.0, float(math.ceil(step)))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12) + 0.0 for i in range(first, last + 1)]


class Scale:
    """From values to places on the drawing.

    Args:
        axis: What it is of.
        values: What it must hold, where the axis does not say.
        start, end: Places of the lowest and the highest value.
    """

    def __init__(self, axis: Axis, values: Sequence[float], start: float, end: float) -> None:
        finite = [v for v in values if math.isfinite(v) and not (axis.log and v < LEAST)]
        self.low = axis.low if axis.low is not None else min(finite, default=0.1 if axis.log else 0.0)
        self.high = axis.high if axis.high is not None else max(finite, default=1.0)
        if not self.high - self.low > max(1e-9 * max(abs(self.high), abs(self.low)), LEAST):
            if axis.log:
                self.low, self.high = self.low / 10, self.low * 10
            else:
                reach = 0.5 + abs(self.low) / 2
                self.low, self.high = self.low - reach, self.low + reach
        self.log, self.start, self.end = axis.log, start, end
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            self.marks = [10.0**d for d in range(first, last + 1, max(1, (last - first) // 6))]
            if len(self.marks) < FEW:
                fine = [m * 10.0**d for d in range(first - 1, last + 1) for m in (1, 2, 5)]
                self.marks = [mark for mark in fine if self.low * 0.999 <= mark <= self.high * 1.001]
        else:
            margin = 0 if axis.high is not None else 0.04 * (self.high - self.low)
            self.high += margin
            self.marks = ticks(self.low, self.high, whole=axis.whole)

    def at(self, value: float) -> float:
        """Return the place of a value; one beyond the ends is at the end."""
        value = min(max(value, self.low), self.high)
        if self.log:
            share = (math.log10(value) - math.log10(self.low)) / (math.log10(self.high) - math.log10(self.low))
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def axes(across: Scale, up: Scale, x: Axis, y: Axis) -> str:
    """Draw grid lines, numbers and names of both axes."""
    bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
    parts = []
    for mark in up.marks:
        at = up.at(mark)
        parts.append(
            f'<line class="grid-line" x1="{LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text x="{LEFT - 7}" y="{at + 4:.1f}" text-anchor="end">{number(mark, y)}</text>'
        )
    for mark in across.marks:
        at = across.at(mark)
        parts.append(
            f'<line class="grid-line" x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{bottom}"/>'
            f'<text x="{at:.1f}" y="{bottom + 17}" text-anchor="middle">{number(mark, x)}</text>'
        )
    parts.append(
        f'<line class="axis" x1="{LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>'
        f'<text x="{(LEFT + right) / 2}" y="{HEIGHT - 6}" text-anchor="middle">{Html.of(x.label)}</text>'
        f'<text transform="translate(11 {(TOP + bottom) / 2}) rotate(-90)" text-anchor="middle">'
        f"{Html.of(y.label)}</text>"
    )
    return "".join(parts)


def number(value: float, axis: Axis) -> str:
    """Write a value as its axis wants."""
    return f"{100 * value:.6g} %" if axis.percent else f"{value:,.6g}"


def _color(line: Line, place: int) -> str:
    return COLORS[(place if line.color is None else line.color) % len(COLORS)]


def _dash(line: Line, place: int) -> str:
    dash = DASHES[(place if line.color is None else line.color) % len(DASHES)]
    return f' stroke-dasharray="{dash}"' if dash else ""


def _band(line: Line, color: str, across: Scale, up: Scale) -> str:
    rows = [
        (a, low, high)
        for a, low, high in zip(line.x, line.low, line.high, strict=False)
        if math.isfinite(a) and math.isfinite(low) and math.isfinite(high)
    ]
    if len(rows) < 2:
        return ""
    over = [f"{across.at(a):.1f},{up.at(high):.1f}" for a, _, high in rows]
    under = [f"{across.at(a):.1f},{up.at(low):.1f}" for a, low, _ in reversed(rows)]
    return f'<polygon points="{" ".join([*over, *under])}" fill="{color}" fill-opacity=".16"/>'


def _series(line: Line, place: int, across: Scale, up: Scale, axes: tuple[Axis, Axis]) -> str:
    color = _color(line, place)
    pieces: list[list[str]] = [[]]
    marks = []
    for a, b in zip(line.x, line.y, strict=True):
        if not (math.isfinite(a) and math.isfinite(b)):
            pieces.append([])
            continue
        pieces[-1].append(f"{across.at(a):.1f},{up.at(b):.1f}")
        if line.marks:
            hint = f"{line.name}: {number(a, axes[0])}, {number(b, axes[1])}"
            marks.append(
                f'<circle cx="{across.at(a):.1f}" cy="{up.at(b):.1f}" r="3.4" fill="{color}">'
                f"<title>{Html.of(hint)}</title></circle>"
            )
    joined = [
        f'<polyline points="{" ".join(piece)}" fill="none" stroke="{color}" stroke-width="2" '
        f'stroke-linejoin="round"{_dash(line, place)}><title>{Html.of(line.name)}</title></polyline>'
        for piece in pieces
        if line.joined and len(piece) > 1
    ]
    return "".join([*joined, *marks])


def _key(lines: Sequence[Line]) -> str:
    items = []
    for i, line in enumerate(lines):
        color = _color(line, i)
        stroke = f'<line x1="0" x2="28" y1="6" y2="6" stroke="{color}" stroke-width="2.4"{_dash(line, i)}/>'
        dot = f'<circle cx="14" cy="6" r="4" fill="{color}"/>' if line.marks and not line.joined else ""
        sample = dot or stroke
        items.append(f'<span><svg viewBox="0 0 28 12" aria-hidden="true">{sample}</svg>{Html.of(line.name)}</span>')
    return f'<div class="key">{"".join(items)}</div>'


def short(name: str) -> str:
    """Cut a name to the room of a label."""
    return name if len(name) <= LABEL_CHARACTERS else name[: LABEL_CHARACTERS - 1] + "…"
