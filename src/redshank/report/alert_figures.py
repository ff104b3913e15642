"""Figures of one alert: its flows over time, and its values beside benign traffic.

In: times, scores, values. Out: `Html` for a page, in the manner of `figures.py`: the page's colors, every mark tells
its value on hover, and there is a text for who cannot see.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from redshank.report.figures import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Axis, Scale, axes
from redshank.report.page import Html

TALL = 64
"""Height of a value with its words and its track, in pixels."""
MARGIN = 3
"""Left and right of a track, in percent."""
UNITS = (
    (120.0, 1.0, "seconds"),
    (7_200.0, 60.0, "minutes"),
    (172_800.0, 3_600.0, "hours"),
    (math.inf, 86_400.0, "days"),
)


@dataclass(frozen=True)
class Dot:
    """A flow.

    Args:
        at_s: When it began, s since the epoch.
        score: Its calibrated score, 0 to 1.
        hint: What it tells on hover.
    """

    at_s: float
    score: float
    hint: str


@dataclass(frozen=True)
class Beside:
    """A value, and where benign traffic lies.

    Args:
        name: What it is.
        value: Of the flow.
        low, middle, high: 1 %, 50 % and 99 % quantiles of benign traffic; None: not known.
    """

    name: str
    value: float
    low: float | None
    middle: float | None
    high: float | None


def flows_over_time(dots: Sequence[Dot], told: Sequence[tuple[float, str]], begin_s: float, end_s: float) -> Html:
    """Draw flows by their time and score, and when an alert was told of them.

    Args:
        dots: The flows.
        told: When, and what it tells on hover; a line each.
        begin_s: Where time begins, s since the epoch.
        end_s: Where it ends.
    """
    times = [begin_s, end_s, *(dot.at_s for dot in dots), *(at_s for at_s, _ in told)]
    first, last = min(times), max(times)
    unit, name = next((unit, name) for below, unit, name in UNITS if last - first < below)
    x = Axis(f"{name} after {_when(first)}", low=0.0, high=max((last - first) / unit, 1e-3))
    y = Axis("score", low=0.0, high=1.0)
    across, up = Scale(x, [], LEFT, WIDTH - RIGHT), Scale(y, [], HEIGHT - BOTTOM, TOP)
    parts = [axes(across, up, x, y)]
    for at_s, hint in told:
        place = across.at((at_s - first) / unit)
        parts.append(
            f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="var(--s2)" '
            f'stroke-width="1.5" stroke-dasharray="4 3"><title>{Html.of(hint)}</title></line>'
        )
    parts += [
        f'<circle cx="{across.at((dot.at_s - first) / unit):.1f}" cy="{up.at(dot.score):.1f}" r="4" fill="var(--s1)" '
        f'fill-opacity=".75"><title>{Html.of(dot.hint)}</title></circle>'
        for dot in dots
    ]
    said = f"{len(dots)} flows over time by their score; the alert was told {len(told)} times"
    return _drawing(WIDTH, HEIGHT, said, parts)


def beside_benign(rows: Sequence[Beside]) -> Html:
    """Draw values, each on a scale of its own, and the range in which 98 % of benign flows lie.

    It is as wide as there is room, and its words keep their size.

    Args:
        rows: From top to bottom.
    """
    parts = []
    for place, row in enumerate(rows):
        top = TALL * place
        ends = [value for value in (row.low, row.high, row.middle) if value is not None]
        least, most = min(_log(value) for value in (*ends, row.value)), max(_log(value) for value in (*ends, row.value))
        reach = (most - least) or 1.0

        def at(value: float, least: float = least, reach: float = reach) -> float:
            return MARGIN + (100 - 2 * MARGIN) * (_log(value) - least) / reach

        left = at(row.low) if row.low is not None else MARGIN
        right = at(row.high) if row.high is not None else 100 - MARGIN
        text = f"{row.name}: {_number(row.value)}"
        hint = f"{text}; {_range(row)}"
        y = top + 50
        parts.append(
            f'<g><title>{Html.of(hint)}</title><text class="cell" x="0" y="{top + 16}">{Html.of(text)}</text>'
            f'<text x="0" y="{top + 34}">{Html.of(_range(row))}</text>'
            f'<line class="grid-line" x1="{MARGIN}%" x2="{100 - MARGIN}%" y1="{y}" y2="{y}"/>'
            f'<rect x="{left:.1f}%" y="{y - 5}" width="{max(right - left, 0.7):.1f}%" height="10" rx="3" '
            f'fill="var(--s4)" fill-opacity=".35"/>'
        )
        if row.middle is not None:
            middle = at(row.middle)
            parts.append(
                f'<line x1="{middle:.1f}%" x2="{middle:.1f}%" y1="{y - 6}" y2="{y + 6}" stroke="var(--s4)" '
                'stroke-width="2"/>'
            )
        parts.append(f'<circle cx="{at(row.value):.1f}%" cy="{y}" r="5" fill="var(--s2)"/></g>')
    said = "Values beside benign traffic: " + "; ".join(
        f"{row.name} {_number(row.value)}, {_range(row)}" for row in rows
    )
    height = TALL * len(rows) + 4
    return Html(f'<svg width="100%" height="{height}" role="img" aria-label="{Html.of(said)}">{"".join(parts)}</svg>')


def _range(row: Beside) -> str:
    if row.low is not None and row.high is not None:
        return f"benign {_number(row.low)} to {_number(row.high)}"
    if row.high is not None:
        return f"benign up to {_number(row.high)}"
    return f"benign from {_number(row.low)}" if row.low is not None else "benign range not known"


def _log(value: float) -> float:
    return math.copysign(math.log1p(abs(value)), value)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _when(at_s: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at_s))
    except (OverflowError, ValueError, OSError):
        return f"{at_s:g} s"


def _drawing(width: float, height: float, said: str, parts: Sequence[str]) -> Html:
    return Html(f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{Html.of(said)}">{"".join(parts)}</svg>')
