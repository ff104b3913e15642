"""Bars over time, one on the other: where each of them stands on a drawing.

In: for each moment how much there was of each kind. Out: places in hundredths of the drawing, for the templates, which
stretch it to the width of the page and write the numbers beside it as text. The one idea: a few kinds can be told apart
by color; what is more is drawn together, and every bar tells in words what it is, as the table below it does.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from redshank.report.figures import ticks

KINDS = 8
"""Kinds that are told apart."""
REST = "others"
GAP = 0.12
"""Share of its room that is left free beside a bar."""


@dataclass(frozen=True)
class Piece:
    """A part of a bar.

    Args:
        kind: Which of the chart's kinds, from 0.
        y, height: In hundredths, from the top.
        amount: How much it is.
        hint: What it is, in words.
    """

    kind: int
    y: float
    height: float
    amount: float
    hint: str


@dataclass(frozen=True)
class Bar:
    """All that there was at one moment.

    Args:
        x, width: In hundredths.
        pieces: From the bottom up.
        label: The moment.
        total: How much there was of everything.
    """

    x: float
    width: float
    pieces: tuple[Piece, ...]
    label: str
    total: float


@dataclass(frozen=True)
class Chart:
    """Bars and what stands beside them.

    Args:
        kinds: Names, those with the most first.
        totals: How much there was of each.
        bars: From left to right.
        marks: Heights with their numbers: hundredths from the top, and the number.
        moments: What stands below: hundredths from the left, and the words.
        said: All of it in a sentence, for who cannot see it.
    """

    kinds: tuple[str, ...]
    totals: tuple[float, ...]
    bars: tuple[Bar, ...]
    marks: tuple[tuple[float, float], ...]
    moments: tuple[tuple[float, str], ...]
    said: str

    @property
    def empty(self) -> bool:
        """Tell whether there was nothing at all."""
        return not sum(self.totals)


def stacked(
    values: Iterable[tuple[float, str, float]], since_s: float, until_s: float, step_s: float, unit: str
) -> Chart:
    """Return bars of a step each.

    Args:
        values: Moments at which steps begin, s since the epoch, with a kind and how much there was; in any order.
        since_s: When the first bar begins, s since the epoch.
        until_s: Before which the last one begins.
        step_s: How long a bar is, in s.
        unit: What is counted, for the words: "alerts".

    Example:
        >>> chart = stacked([(0.0, "dos", 3), (3600.0, "xss", 1)], 0.0, 7200.0, 3600.0, "alerts")
        >>> chart.kinds, [bar.total for bar in chart.bars], chart.bars[0].pieces[0].hint
        (('dos', 'xss'), [3.0, 1.0], '00:00 dos: 3 alerts')
    """
    first = since_s // step_s * step_s
    count = max(1, round((until_s - first) / step_s + 0.4999))
    held: list[dict[str, float]] = [{} for _ in range(count)]
    for at_s, kind, number in values:
        place = int((at_s - first) // step_s)
        if 0 <= place < count:
            held[place][kind] = held[place].get(kind, 0.0) + number
    kinds, named = _kinds(held)
    highest = max((sum(one.values()) for one in held), default=0.0)
    rising = ticks(0.0, highest or 1.0, whole=True)
    top = max(rising[-1], highest)
    days = until_s - since_s > 2 * 86_400
    room = 100 / count
    bars = []
    for place, one in enumerate(held):
        label = _label(first + place * step_s, days=days)
        pieces = tuple(_pieces(one, kinds, named, top, label, unit))
        bars.append(Bar(room * (place + GAP / 2), room * (1 - GAP), pieces, label, float(sum(one.values()))))
    totals = tuple(sum(one.get(kind, 0.0) for one in held for kind in those) for those in named)
    said = ", ".join(f"{name} {total:g}" for name, total in zip(kinds, totals, strict=True)) or "nothing"
    return Chart(
        kinds,
        totals,
        tuple(bars),
        tuple((100 - 100 * mark / top, mark) for mark in rising),
        tuple(_moments(first, step_s, count, days=days)),
        f"{unit} in {count} steps: {said}",
    )


def _kinds(held: Sequence[Mapping[str, float]]) -> tuple[tuple[str, ...], list[list[str]]]:
    """Return the kinds to be told apart, and what each of them holds."""
    totals: dict[str, float] = {}
    for one in held:
        for kind, number in one.items():
            totals[kind] = totals.get(kind, 0.0) + number
    ordered = sorted(totals, key=lambda kind: (-totals[kind], kind))
    if len(ordered) <= KINDS:
        return tuple(ordered), [[kind] for kind in ordered]
    most, rest = ordered[: KINDS - 1], ordered[KINDS - 1 :]
    return (*most, REST), [*([kind] for kind in most), rest]


def _pieces(
    one: Mapping[str, float], kinds: Sequence[str], named: Sequence[Sequence[str]], top: float, label: str, unit: str
) -> Iterable[Piece]:
    below = 0.0
    for at, those in enumerate(named):
        number = sum(one.get(kind, 0.0) for kind in those)
        if number:
            height = 100 * number / top
            yield Piece(at, 100 - below - height, height, number, f"{label} {kinds[at]}: {number:g} {unit}")
            below += height


def _moments(first: float, step_s: float, count: int, *, days: bool) -> Iterable[tuple[float, str]]:
    """Give a handful of moments that are round: days at midnight, hours by six or fewer."""
    for place in range(count):
        at_s = first + place * step_s
        hour = time.gmtime(at_s).tm_hour
        if (days and hour == 0) or (not days and hour % (6 if count > 12 else 2) == 0 and at_s % 3600 == 0):
            yield 100 * place / count, _label(at_s, days=days, short=True)


def _label(at_s: float, *, days: bool, short: bool = False) -> str:
    written = "%d %b" if days and short else "%d %b %H:%M" if days else "%H:%M"
    return time.strftime(written, time.gmtime(at_s))
