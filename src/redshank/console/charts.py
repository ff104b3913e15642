"""Bars over time, one on the other, and what is usual at each hour of the day: where each stands on a drawing.

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


@dataclass(frozen=True)
class Range:
    """What is usual at one place, and what there is now.

    Args:
        x, width: In hundredths.
        y, height: From the least to the most, in hundredths from the top; height 0 and y 100: nothing is known.
        middle: Height of the median; None: nothing is known.
        now: Height of what there is now; None: nothing is known.
        odd: Whether that is unusual.
        hint: All of it in words.
    """

    x: float
    width: float
    y: float
    height: float
    middle: float | None
    now: float | None
    odd: bool
    hint: str


@dataclass(frozen=True)
class Ranges:
    """Ranges and what stands beside them.

    Args:
        ranges: From left to right.
        marks, moments, said: As of `Chart`.
    """

    ranges: tuple[Range, ...]
    marks: tuple[tuple[float, float], ...]
    moments: tuple[tuple[float, str], ...]
    said: str


@dataclass(frozen=True)
class Amounts:
    """Amounts at one hour of the day; None: nothing is known."""

    low: float | None
    middle: float | None
    high: float | None
    now: float | None
    odd: bool = False


def by_hour(amounts: Sequence[Amounts], unit: str) -> Ranges:
    """Return what is usual at each hour of the day, from 00:00 on.

    Args:
        amounts: Of each hour.
        unit: What is counted, for the words: "MiB".

    Example:
        >>> drawn = by_hour([Amounts(1.0, 2.0, 4.0, 5.0, odd=True), Amounts(None, None, None, 1.0)], "MiB")
        >>> [one.hint for one in drawn.ranges]
        ['00:00 usually 2 MiB, 1 to 4; now 5, unusual', '01:00 usually not known; now 1']
    """
    highest = max((one for hour in amounts for one in (hour.high, hour.now) if one is not None), default=0.0)
    rising = ticks(0.0, highest or 1.0)
    top, room = max(rising[-1], highest), 100 / max(1, len(amounts))

    def height(amount: float | None) -> float | None:
        return None if amount is None else 100 - 100 * amount / top

    ranges = []
    for place, one in enumerate(amounts):
        high, low = height(one.high), height(one.low)
        usually = "not known" if one.middle is None else f"{one.middle:.3g} {unit}, {one.low:.3g} to {one.high:.3g}"
        now = "" if one.now is None else f"; now {one.now:.3g}{', unusual' if one.odd else ''}"
        ranges.append(
            Range(
                room * (place + GAP),
                room * (1 - 2 * GAP),
                100.0 if high is None else high,
                0.0 if high is None or low is None else low - high,
                height(one.middle),
                height(one.now),
                one.odd,
                f"{place:02}:00 usually {usually}{now}",
            )
        )
    odd = [f"{place:02}:00" for place, one in enumerate(amounts) if one.odd]
    return Ranges(
        tuple(ranges),
        tuple((100 - 100 * mark / top, mark) for mark in rising),
        tuple((room * place, f"{place:02}:00") for place in range(0, len(amounts), 6)),
        f"{unit} by hour of the day, usual and now; unusual: {', '.join(odd) or 'none'}",
    )


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
