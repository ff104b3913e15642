"""How figures are written: a measure, a rate, a number of things, and an interval beside each.

In: numbers, and the name of the column that they stand in. Out: short text. A measure that is not quite 1 is never
written as 1, what is not known is a dash, and an interval that is written like its figure is left out. A number that
was not reached is infinite, and the lower end of its interval is how far it went.
"""

import math

from redshank.learn.compare import Figure

UNKNOWN = "-"
RATES = ("fpr", "false")
"""How the names of rates begin that are small when all is well: written in percent."""
NOT_REACHED = "not reached"
COUNT = 2.0
"""What is larger than any measure is a number of things, written without decimals."""
COUNTS = ("rounds", "promoted", "lower", "gain shown")
"""How the names of columns begin whose figures are numbers of things, however small."""


def share(value: float | None) -> str:
    """Write a measure from 0 to 1 with three decimals, more where it is almost 1 or almost 0.

    Example:
        >>> share(0.5), share(0.99984), share(0.999999), share(1.0), share(0.0002), share(None)
        ('0.500', '0.9998', '0.99999', '1.000', '0.0002', '-')
    """
    if value is None:
        return UNKNOWN
    if 0.9995 <= value < 1:
        return f"{value:.4f}" if value < 0.99995 else f"{min(value, 0.99999):.5f}"
    if 0 < abs(value) < 0.0005:
        return f"{value:.1g}" if abs(value) < 0.00005 else f"{value:.4f}"
    return f"{value:.3f}"


def percent(value: float | None) -> str:
    """Write a rate in percent with two significant digits, and never more certain than it is.

    Example:
        >>> percent(0.0087), percent(0.000432), percent(0.99912), percent(0.5), percent(0.0), percent(None)
        ('0.87 %', '0.043 %', '99.91 %', '50 %', '0 %', '-')
    """
    if value is None:
        return UNKNOWN
    if value in (0.0, 1.0):
        return f"{100 * value:.0f} %"
    if value >= 0.99:
        return f"{100 * value:.2f} %" if value < 0.99995 else "> 99.99 %"
    return f"{100 * value:.3g} %" if value >= 0.1 else f"{float(f'{100 * value:.2g}'):g} %"


def number(column: str, value: float | None) -> str:
    """Write a figure of that column.

    Example:
        >>> number("fpr", 0.0123), number("accuracy", 0.5), number("labels", 12660.0), number("rounds", 1.0)
        ('1.2 %', '0.500', '12,660', '1')
    """
    if value == math.inf:
        return NOT_REACHED
    if value is not None and (value > COUNT or column.startswith(COUNTS)):
        return f"{value:,.0f}"
    return percent(value) if column.startswith(RATES) else share(value)


def reach(column: str, figure: Figure, between: str = " to ") -> str:
    """Write the interval of a figure of that column, or nothing where there is none or it says no more.

    Example:
        >>> reach("fpr", Figure(0.0123, 0.01, 0.02)), reach("accuracy", Figure(0.5, 0.5, 0.5))
        ('1 to 2 %', '')
        >>> reach("L95", Figure(math.inf, 3000)), reach("L95", Figure(500, 400, math.inf))
        ('more than 3,000', '400 or more')
    """
    if figure.mean == math.inf and figure.low is not None:
        return f"more than {number(column, figure.low)}"
    if figure.low is None or figure.high is None:
        return ""
    if figure.high == math.inf:
        return f"{number(column, figure.low)} or more"
    low, mean, high = (number(column, value) for value in (figure.low, figure.mean, figure.high))
    return "" if low == mean == high else f"{low.removesuffix(' %')}{between}{high}"


def spelled(column: str, figure: Figure) -> str:
    """Write a figure of that column with its interval.

    Example:
        >>> spelled("fpr", Figure(0.0123)), spelled("accuracy", Figure(0.5, 0.25, 0.75))
        ('1.2 %', '0.500 (0.250 to 0.750)')
    """
    value, beside = number(column, figure.mean), reach(column, figure)
    return f"{value} ({beside})" if beside else value
