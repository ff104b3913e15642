"""Numbers, times and hostile text in a reader's words.

In: values as records have them. Out: short text, or markup in which everything foreign is escaped. None is a dash.
"""

import time
import unicodedata

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

MOST_WIRE = 200
"""Characters of a text from the wire that are shown, unless a template asks for more."""
NOTHING = "\N{EN DASH}"
_STEPS = ((60.0, 1.0, "s"), (3_600.0, 60.0, "min"), (86_400.0, 3_600.0, "h"), (float("inf"), 86_400.0, "d"))
_SIZES = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@pass_context
def ago(context: Context, at_s: float | None) -> Markup | str:
    """Return how long ago something was, or in how long it will be, with the exact time behind it."""
    if at_s is None:
        return NOTHING
    passed_s = context["now_s"] - at_s
    text = "now" if abs(passed_s) < 1 else f"{span(passed_s)} ago" if passed_s > 0 else f"in {span(-passed_s)}"
    return _time(at_s, text)


def when(at_s: float | None) -> Markup | str:
    """Return the exact time, UTC, to the second."""
    return NOTHING if at_s is None else _time(at_s, _written(at_s))


def span(length_s: float | None) -> str:
    """Return a length of time in its largest unit.

    Example:
        >>> span(5), span(190.0), span(86_400 * 3)
        ('5 s', '3 min', '3 d')
    """
    if length_s is None:
        return NOTHING
    for below, unit, name in _STEPS:
        if abs(length_s) < below:
            return f"{length_s / unit:.0f} {name}"
    raise AssertionError


def size(number: float | None) -> str:
    """Return a number of bytes.

    Example:
        >>> size(999), size(2_048), size(5 * 2**30)
        ('999 B', '2.0 KiB', '5.0 GiB')
    """
    if number is None:
        return NOTHING
    step = 0
    while abs(number) >= 1024 and step < len(_SIZES) - 1:
        number /= 1024
        step += 1
    return f"{number:.1f} {_SIZES[step]}" if step else f"{number:.0f} B"


def count(number: float | None) -> str:
    """Return a number with its thousands apart.

    Example:
        >>> count(1_234_567), count(0.25)
        ('1,234,567', '0.25')
    """
    if number is None:
        return NOTHING
    return f"{number:,.0f}" if float(number).is_integer() else f"{number:,.3g}"


def number_of(how_many: int, what: str) -> str:
    """Return how many there are of something, in words.

    Example:
        >>> number_of(1, "open alert"), number_of(1_200, "flow"), number_of(0, "day")
        ('1 open alert', '1,200 flows', '0 days')
    """
    return f"{count(how_many)} {what}{'' if how_many == 1 else 's'}"


def share(part: float | None, digits: int = 1) -> str:
    """Return a share in percent.

    Example:
        >>> share(0.1234), share(1.0, 0)
        ('12.3 %', '100 %')
    """
    return NOTHING if part is None else f"{100 * part:.{digits}f} %"


def wire(text: object, most: int = MOST_WIRE) -> Markup:
    r"""Return text from the wire so that it is only read: escaped, bounded, and what steers the eye shown as a mark.

    Example:
        >>> wire("a<b\x1b[2J\u202egpj")
        Markup('<span class="wire">a&lt;b<i>\\x1b</i>[2J<i>\\u202e</i>gpj</span>')
    """
    if text is None or text == "":
        return Markup('<span class="wire none">{}</span>').format(NOTHING)
    whole = str(text)
    plain = whole.isascii() and whole.isprintable()  # nearly always, and much faster
    shown = escape(whole[:most]) if plain else Markup("").join(_mark(c) for c in whole[:most])
    if len(whole) > most:
        shown += Markup('<i title="{}">…</i>').format(f"{len(whole) - most} more characters")
    # There are hundreds on a page: `Markup.format` would take a quarter of its time.
    return Markup(f'<span class="wire">{shown}</span>')  # noqa: S704  both parts of `shown` are escaped


def _mark(character: str) -> Markup:
    # Besides what does not print: marks that sit on the character before, so that nothing grows over a page.
    if character.isprintable() and unicodedata.category(character) not in {"Mn", "Me"}:
        return escape(character)
    return Markup("<i>{}</i>").format(character.encode("unicode_escape").decode())


def _time(at_s: float, text: str) -> Markup:
    exact = _written(at_s)
    stamp = exact.replace(" UTC", "Z").replace(" ", "T")
    return Markup(f'<time datetime="{stamp}" title="{exact}">{text}</time>')  # noqa: S704  all of it is made of numbers


def _written(at_s: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at_s))
    except (OverflowError, ValueError, OSError):  # packet time is what a capture says
        return f"{at_s:g} s"
