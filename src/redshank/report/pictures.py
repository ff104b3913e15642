"""Pictures of experiments: curves with bands, for a page and as files of their own.

In: `Picture` records. Out: chapters of a page, or the text of an SVG file. The one idea: a file that is shown beside
Markdown has neither the page's style nor its key, so it brings both, on a card of its own: it is readable on light and
on dark pages, whichever of the two it thinks it is on.
"""

import math
import re
from collections.abc import Sequence

from redshank.learn.table import Picture
from redshank.report.figures import COLORS, DASHES, HEIGHT, LEFT, RIGHT, WIDTH, Axis, Line, drawn, line_plot
from redshank.report.page import STYLE, Chapter, Html, figure, grid

KEY = 20
"""Height of a line of the key."""
LETTER = 6.6
"""Width of a letter of the key, about."""
SAMPLE = 34
"""Room for the sample of a line before its name."""
SPAN = 8.0
"""Answers that differ by more than this factor stand on a logarithmic axis."""


def chapter(pictures: Sequence[Picture]) -> list[Chapter]:
    """Return a chapter with all pictures, or none without them."""
    drawings = [figure(line_plot(*_lines(one)), one.title, one.caption) for one in pictures]
    return [Chapter("Curves", [grid(drawings)])] if drawings else []


def svg(picture: Picture) -> str:
    """Return a picture as an SVG file.

    Args:
        picture: What to draw.
    """
    lines, x, y = _lines(picture)
    places, height = _key([line.name for line in lines])
    key = "".join(
        f'<g transform="translate({at} {down})"><line x1="0" x2="26" y1="-4" y2="-4" stroke="{COLORS[place % 5]}" '
        f'stroke-width="2.4"{_dash(place)}/><text x="{SAMPLE}">{Html.of(line.name)}</text></g>'
        for place, (line, (at, down)) in enumerate(zip(lines, places, strict=True))
    )
    whole = height + HEIGHT
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {whole}" width="{2 * WIDTH}" role="img" '
        f'aria-label="{Html.of(picture.title)}"><style>{THEME}</style>'
        f'<rect class="card" x=".5" y=".5" width="{WIDTH - 1}" height="{whole - 1}" rx="8"/>{key}'
        f'<g transform="translate(0 {height})">{drawn(lines, x, y)}</g></svg>\n'
    )


def name(experiment: str, picture: Picture) -> str:
    """Return the name of a picture's file.

    Example:
        >>> name("active-toniot", Picture("Ten families: macro-F1", "", "", "", ()))
        'active-toniot-ten-families-macro-f1.svg'
    """
    return f"{experiment}-{'-'.join(re.findall('[a-z0-9]+', picture.title.lower()))}.svg"


def _lines(picture: Picture) -> tuple[list[Line], Axis, Axis]:
    lines = [Line(one.name, one.x, one.y, one.low, one.high) for one in picture.curves]
    ends = [v for one in picture.curves for v in one.x if v > 0]
    log = bool(ends) and max(ends) > SPAN * min(ends)
    return lines, Axis(picture.x, log=log, low=min(ends) if log else None), Axis(picture.y)


def _key(names: Sequence[str]) -> tuple[list[tuple[int, int]], int]:
    """Return where each name of the key stands, line by line, and how high the key is."""
    places, across, down = [], LEFT, KEY
    for one in names:
        room = SAMPLE + math.ceil(LETTER * len(one)) + 12
        if across > LEFT and across + room > WIDTH - RIGHT:
            across, down = LEFT, down + KEY
        places.append((across, down))
        across += room
    return places, down + 6


def _dash(place: int) -> str:
    dash = DASHES[place % len(DASHES)]
    return f' stroke-dasharray="{dash}"' if dash else ""


def _theme() -> str:
    """Return the page's colors and how it draws, for a file of its own."""
    colors = STYLE[STYLE.index(":root") : STYLE.index("*{box-sizing")]
    rules = re.findall(r"^svg (.*)$", STYLE, re.MULTILINE)
    font = 'text{font-family:system-ui,-apple-system,"Segoe UI",sans-serif}.card{fill:var(--card);stroke:var(--line)}'
    return "".join([*colors.splitlines(), *rules, font])


THEME = _theme()
