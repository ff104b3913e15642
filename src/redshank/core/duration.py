"""Spans of time as a person writes them.

In: text like 90s, 10m, 1h, 24h, 7d. Out: seconds.
"""

import re

from redshank.core.errors import ConfigError

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "": 1}
LONGEST_S = 3_650 * 86_400.0
"""What is longer was meant otherwise."""


def seconds(text: str, where: str) -> float:
    """Return a span of time in s; without a unit it is seconds.

    Args:
        text: As a person wrote it.
        where: The option or setting, for the message.

    Raises:
        ConfigError: If it is none, or longer than ten years.

    Example:
        >>> seconds("10m", "--for"), seconds("1.5h", "--for"), seconds("0", "--for")
        (600.0, 5400.0, 0.0)
    """
    found = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([smhd]?)", text)
    span_s = float(found[1]) * _UNITS[found[2]] if found else LONGEST_S + 1
    if span_s > LONGEST_S:
        raise ConfigError(
            f"{where}: {text[:40]!r} is no span of time; write one like 90s, 10m, 24h or 7d, at most 3650d"
        )
    return span_s
