"""Where a page of a list goes on: the value that it is sorted by, and the id, of the last row.

In: such a pair, or the text that a query holds. Out: the other of both. The one idea: a list goes on after a row, not
at a number, so that a page is quick however deep it lies, and new rows shift nothing.
"""

import math

from redshank.console.form import Form

MOST = 400


def written(place: tuple[float, str] | None) -> str:
    """Return a place as a query holds it; "" for none.

    Example:
        >>> written((2.5, "a,b"))
        '2.5,a,b'
    """
    return "" if place is None else f"{place[0]!r},{place[1]}"


def asked(form: Form, name: str = "after") -> tuple[float, str] | None:
    """Return the place that a query holds, or None; what is none is a problem of the form.

    Example:
        >>> asked(Form([("after", "2.5,a,b")])), asked(Form([]))
        ((2.5, 'a,b'), None)
    """
    text = form.text(name, most=MOST)
    if not text:
        return None
    number, comma, rest = text.partition(",")
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if not comma or not math.isfinite(value):
        form.problems.append(f"{name}: {text[:40]!r} is no place in this list; begin at its first page")
        return None
    return value, rest
