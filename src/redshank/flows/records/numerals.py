"""Columns of text -> whole numbers and times, exactly.

In: Arrow text columns. Out: int64 columns, null where a text is no such number. A kernel reads Arrow's own buffers: a
regular expression and a conversion for each column took five times as long.
Whole numbers are those of tables that went through float columns, too (`48.0`). Times are seconds since the epoch, or a
date and a time of day; a date without a zone is taken as UTC. Digits below the nanosecond are cut.
Source: https://howardhinnant.github.io/date_algorithms.html (days_from_civil) for days of dates.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel

Bytes = npt.NDArray[np.uint8]
Ends = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.int64]
Int = Any
"""An integer inside a kernel."""

_NONE = -1
_NOWHERE = 10_000
"""Minutes east that no zone lies."""
_GIGA = 10**9
_LAST_SECOND = 2**63 // _GIGA - 1
_DIGITS = 19
_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], np.uint8)


def wholes(text: pa.StringArray) -> pa.Int64Array:
    """Read numbers of at most 18 digits, or 19 below 9 * 10**18; a point and zeros may follow.

    Example:
        >>> wholes(pa.array(["48", "48.0", "4.8", "-1", "", None])).to_pylist()
        [48, 48, None, None, None, None]
    """
    return _read(text, 0)


def moments(text: pa.StringArray) -> pa.Int64Array:
    """Read times as ns since the epoch.

    Example:
        >>> moments(pa.array(["1.5", "1970-01-01T02:00:01.25+0200", "1970/01/01 00:00:01", "soon"])).to_pylist()
        [1500000000, 1250000000, 1000000000, None]
    """
    return _read(text, 1)


def _read(text: pa.StringArray, kind: int) -> pa.Int64Array:
    _, ends, letters = text.buffers()
    if len(text) == 0 or ends is None:
        return pa.nulls(len(text), pa.int64())
    stops = np.frombuffer(ends, np.int32)[text.offset : text.offset + len(text) + 1]
    found = np.empty(len(text), np.int64)
    _read_all(np.frombuffer(letters or b"\0", np.uint8), stops, kind, found)
    absent = found == _NONE
    if text.null_count:
        absent |= text.is_null().to_numpy(zero_copy_only=False)
    return pa.array(found, pa.int64(), mask=absent)


@lean_kernel
def _read_all(letters: Bytes, stops: Ends, kind: int, found: Numbers) -> None:
    for k in range(len(found)):
        at, end = np.int64(stops[k]), np.int64(stops[k + 1])
        if kind == 0:
            found[k] = _whole(letters, at, end)
        else:
            seconds = _seconds(letters, at, end)
            found[k] = seconds if seconds != _NONE else _date(letters, at, end)


@lean_kernel
def _is_digit(letters: Bytes, at: Int, end: Int) -> bool:
    return bool(at < end and 48 <= letters[at] <= 57)


@lean_kernel
def _whole(letters: Bytes, at: Int, end: Int) -> Int:
    first = at
    value: Int = 0
    while _is_digit(letters, at, end) and at - first < _DIGITS:
        value = value * 10 + letters[at] - 48
        at += 1
    if at == first or (at - first == _DIGITS and letters[first] > 56):
        return _NONE
    if at == end:
        return value
    if letters[at] != 46 or at + 1 == end:
        return _NONE
    for place in range(at + 1, end):
        if letters[place] != 48:
            return _NONE
    return value


@lean_kernel
def _fraction(letters: Bytes, at: Int, end: Int) -> Int:
    """Return the ns of a point and digits that reach to the end, 0 of nothing at all."""
    if at == end:
        return 0
    if letters[at] != 46 or at + 1 == end:
        return _NONE
    ns, worth = 0, _GIGA // 10
    for place in range(at + 1, end):
        if not _is_digit(letters, place, end):
            return _NONE
        ns += (letters[place] - 48) * worth
        worth //= 10
    return ns


@lean_kernel
def _joined(seconds: Int, ns: Int) -> Int:
    return seconds * _GIGA + ns if ns != _NONE and 0 <= seconds <= _LAST_SECOND else _NONE


@lean_kernel
def _seconds(letters: Bytes, at: Int, end: Int) -> Int:
    first = at
    value: Int = 0
    while _is_digit(letters, at, end) and at - first < 10:
        value = value * 10 + letters[at] - 48
        at += 1
    return _joined(value, _fraction(letters, at, end)) if at > first else _NONE


@lean_kernel
def _two(letters: Bytes, at: Int, end: Int) -> Int:
    """Return a number of two digits; far below 0 where there is none."""
    if not _is_digit(letters, at, end) or not _is_digit(letters, at + 1, end):
        return -10_000
    return (letters[at] - 48) * 10 + letters[at + 1] - 48


@lean_kernel
def _date(letters: Bytes, at: Int, end: Int) -> Int:
    """Read year-month-day, T or a blank, hours:minutes:seconds, perhaps a fraction, perhaps Z or +hours:minutes."""
    if end - at < 19:
        return _NONE
    year = _two(letters, at, end) * 100 + _two(letters, at + 2, end)
    month, day = _two(letters, at + 5, end), _two(letters, at + 8, end)
    hour, minute, second = _two(letters, at + 11, end), _two(letters, at + 14, end), _two(letters, at + 17, end)
    parted = letters[at + 13] == 58 and letters[at + 16] == 58 and (letters[at + 10] == 84 or letters[at + 10] == 32)
    for place in (at + 4, at + 7):
        parted &= letters[place] == 45 or letters[place] == 47
    if not parted or year < 0 or not 1 <= month <= 12 or day < 1:
        return _NONE
    leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    if day > _DAYS[month - 1] + (leap and month == 2) or not 0 <= hour < 24 or not 0 <= minute < 60:
        return _NONE
    if not 0 <= second < 60:
        return _NONE
    at += 19
    zone = at
    if _is_digit(letters, zone + 1, end) and letters[zone] == 46:
        zone += 1
        while _is_digit(letters, zone, end):
            zone += 1
    utc = zone == end or (letters[zone] == 90 and zone + 1 == end)
    east = 0 if utc else _zone(letters, zone, end)
    ns = _fraction(letters, at, zone)
    if ns == _NONE or east == _NOWHERE:
        return _NONE
    years = year - (month <= 2)
    era = years // 400
    of_era = years - era * 400
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    days = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return _joined(((days * 24 + hour) * 60 + minute - east) * 60 + second, ns)


@lean_kernel
def _zone(letters: Bytes, at: Int, end: Int) -> Int:
    """Return how many minutes a zone lies east, from +hhmm or +hh:mm."""
    colon = 1 if at + 3 < end and letters[at + 3] == 58 else 0
    hours, minutes = _two(letters, at + 1, end), _two(letters, at + 3 + colon, end)
    if end - at != 5 + colon or not 0 <= hours < 20 or not 0 <= minutes < 60:
        return _NOWHERE
    if letters[at] == 43:
        return hours * 60 + minutes
    return -(hours * 60 + minutes) if letters[at] == 45 else _NOWHERE
