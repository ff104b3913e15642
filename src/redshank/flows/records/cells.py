r"""One value of an Arrow column as text, where it belongs in a line.

In: where the columns of a batch lie in memory. Out: values written into an array of bytes, as a form of line has them;
text_rows.py tells the forms. Kernels read Arrow's own buffers. Text from the wire is inert: JSON escapes what is not
printable ASCII, the others write `\xNN`, byte by byte in UTF-8, as Zeek does.
Source: https://arrow.apache.org/docs/format/Columnar.html; RFC 8259 (JSON), RFC 4180 (CSV),
https://docs.zeek.org/en/master/log-formats.html
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel
from redshank.core.schema import TIMESTAMP
from redshank.flows.metering.machine import array_of, copy, prefetch
from redshank.flows.records.conn_log import EMPTY, UNSET
from redshank.flows.records.decimals import WIDEST, put_double, put_seconds, put_single, put_time, put_whole

Bytes = npt.NDArray[np.uint8]
Int = Any
"""An integer inside a kernel."""
Place = Any
"""A row of COLUMN inside a kernel."""

JSON, CSV, LOG = range(3)
TEXT, _INT64, _INT32, _TIME, _DOUBLE, _SINGLE, _FLAG, SECONDS = range(8)
_KINDS = {
    pa.string(): (TEXT, 1),
    pa.int64(): (_INT64, 8),
    pa.int32(): (_INT32, 4),
    TIMESTAMP: (_TIME, 8),
    pa.float64(): (_DOUBLE, 8),
    pa.float32(): (_SINGLE, 4),
    pa.bool_(): (_FLAG, 1),
}
"""By type what a column holds, and bytes of an item."""
_LARGEST = 6
"""Bytes that one byte of a text may take."""

STEP = 16
"""Bytes that are copied at once."""
_AHEAD = 512
"""Bytes ahead of a value that are fetched: no processor follows a hundred columns by itself."""

_PLACES = ("valid", "values", "ends", "list_valid", "list_ends")
COLUMN = np.dtype(
    [(name, np.int64) for place in _PLACES for name in (place, f"{place}_length")]
    + [(name, np.int64) for name in ("kind", "plain", "first", "listed", "list_first", "key", "key_end")]
)
"""Where the values of a column lie, what they are, and what stands before them in a line."""

_valid, _list_valid = array_of("valid", np.uint8), array_of("list_valid", np.uint8)
_ends, _list_ends = array_of("ends", np.int32), array_of("list_ends", np.int32)
_bytes, _int64, _int32 = array_of("values", np.uint8), array_of("values", np.int64), array_of("values", np.int32)
_double, _single = array_of("values", np.float64), array_of("values", np.float32)

_PLAIN, _ESCAPED, _QUOTING = range(3)
_CLASSES = np.full((3, 256), _ESCAPED, np.uint8)
"""By form and byte: whether it stands for itself, is escaped, or makes a field of CSV stand in quotes."""
_CLASSES[:, 32:127] = _PLAIN
_CLASSES[:, ord("\\")] = _CLASSES[JSON, ord('"')] = _ESCAPED
_CLASSES[CSV, [ord(","), ord('"')]] = _QUOTING
_SHORT = np.zeros(256, np.uint8)
"""By byte: the letter that stands for it behind a backslash in JSON, or 0."""
_SHORT[[ord(c) for c in '"\\\n\r\t\b\f']] = [ord(c) for c in '"\\nrtbf']
_HEX = b"0123456789abcdef"
_ABSENT, _EMPTY = UNSET.encode(), EMPTY.encode()
_TRUE, _FALSE, _T, _F, _NULL = b"true", b"false", b"T", b"F", b"null"


def place_of(values: pa.Array) -> dict[str, int]:
    """Return where the values of a column lie, by the names of COLUMN.

    Raises:
        KeyError: If a line has no values of this type.
    """
    found: dict[str, int] = {}

    def place(name: str, buffer: pa.Buffer | None, size: int = 1) -> None:
        if buffer is not None:
            found[name], found[f"{name}_length"] = buffer.address, buffer.size // size

    if pa.types.is_list(values.type):
        valid, ends, *_ = values.buffers()
        place("list_valid", valid)
        place("list_ends", ends, 4)
        found |= {"listed": 1, "list_first": values.offset}
        values = values.values
    valid, *parts = values.buffers()
    place("valid", valid)
    found["kind"], size = _KINDS[values.type]
    if len(parts) == 2:
        place("ends", parts[0], 4)
    place("values", parts[-1], size)
    found["first"] = values.offset
    return found


@lean_kernel
def _bit(bits: Bytes, place: int) -> bool:
    return len(bits) == 0 or (bits[place >> 3] >> (place & 7)) & 1 == 1


@lean_kernel
def is_list_there(column: Place, place: int) -> bool:
    """Tell whether a list is there."""
    return _bit(_list_valid(column), place)


@lean_kernel
def is_there(column: Place, place: int) -> bool:
    """Tell whether a value, or member of a list, is there, and a number if it should be one."""
    if not _bit(_valid(column), place):
        return False
    if column.kind in (_DOUBLE, SECONDS):
        return bool(np.isfinite(_double(column)[place]))
    if column.kind == _SINGLE:
        return bool(np.isfinite(_single(column)[place]))
    return True


@lean_kernel
def put_list(column: Place, place: int, form: int, widest: int, out: Bytes, at: int) -> int:
    """Write a list that is there, as `put_value`."""
    first, stop = np.int64(_list_ends(column)[place]), np.int64(_list_ends(column)[place + 1])
    widest += int(stop - first) * (WIDEST + 1)
    if at + widest > len(out):
        return -1
    begin = at
    if form == JSON:
        out[at] = 91
        at += 1
    for number in range(first, stop):
        member = column.first + number
        if number > first:
            out[at] = 44 if form == JSON else 59
            at += 1
        if is_there(column, member):
            at = put_value(column, member, form, widest, out, at)
            if at < 0:
                return -1
        elif form == JSON:
            at = _put_word(_NULL, out, at)
        else:
            at = put_absent(out, at)
    if form == JSON:
        out[at] = 93
        return at + 1
    return _quoted(out, begin, at) if form == CSV and (column.kind == TEXT or at == begin) else at


@lean_kernel
def put_value(column: Place, place: int, form: int, widest: int, out: Bytes, at: int) -> int:
    """Write a value that is there; return where it ends, or -1 without room for it and `widest` bytes more."""
    kind = column.kind
    if kind == TEXT:
        ends = _ends(column)
        prefetch(ends, place, _AHEAD)
        first, stop = np.int64(ends[place]), np.int64(ends[place + 1])
        if at + (stop - first) * _LARGEST + widest > len(out):
            return -1
        return _put_text(column, first, stop, form, out, at)
    if kind == _INT64:
        prefetch(_int64(column), place, _AHEAD)
        return put_whole(_int64(column)[place], out, at)
    if kind == _DOUBLE:
        prefetch(_double(column), place, _AHEAD)
        return put_double(_double(column)[place], out, at)
    if kind == _INT32:
        return put_whole(np.int64(_int32(column)[place]), out, at)
    if kind == _SINGLE:
        return put_single(_single(column)[place], out, at)
    if kind == _FLAG:
        if _bit(_bytes(column), place):
            return _put_word(_T if form == LOG else _TRUE, out, at)
        return _put_word(_F if form == LOG else _FALSE, out, at)
    if kind == _TIME:
        return put_time(_int64(column)[place], out, at)
    return put_seconds(_double(column)[place], out, at)


@lean_kernel
def put_absent(out: Bytes, at: int) -> int:
    """Write what stands for an absent value where nothing would mean something else."""
    return _put_word(_ABSENT, out, at)


@lean_kernel
def _put_word(word: bytes, out: Bytes, at: int) -> int:
    for n in range(len(word)):
        out[at + n] = word[n]
    return at + len(word)


@lean_kernel
def _put_text(column: Place, first: Int, stop: Int, form: int, out: Bytes, at: int) -> int:
    text, listed, begin = _bytes(column), column.listed != 0, at
    prefetch(text, first, _AHEAD)
    if form == JSON:
        out[at] = 34
        at += 1
    elif _is_word(text, first, stop, _ABSENT) or _is_word(text, first, stop, _EMPTY):  # not what these stand for
        at = _put_byte(text[first], out, at)
        first += 1
    elif first == stop and (form == LOG or listed):
        return _put_word(_EMPTY, out, at)
    quoting = first == stop
    if column.plain and stop + STEP <= len(text):
        for n in range(first, stop, STEP):
            copy(out, at + n - first, text, n, STEP)
        at += stop - first
        first = stop
    while first < stop:
        byte = text[first]
        kind = _CLASSES[form, byte]
        if kind == _ESCAPED or (byte == 59 and listed and form == CSV):
            if form == JSON:
                at, first = _put_point(text, first, stop, out, at)
            else:
                at = _put_byte(byte, out, at)
                first += 1
            continue
        quoting |= kind == _QUOTING
        out[at] = byte
        at += 1
        first += 1
    if form == JSON:
        out[at] = 34
        return at + 1
    return _quoted(out, begin, at) if quoting and form == CSV and not listed else at


@lean_kernel
def mark_plain(column: Place, rows: int, form: int) -> None:
    """Note of a column of text whether every byte stands for itself."""
    text, ends = _bytes(column), _ends(column)
    one, other = (92, 34) if form == JSON else (44, 34) if form == CSV else (92, 92)
    odd = False
    for n in range(ends[column.first], ends[column.first + rows]):
        byte = text[n]
        odd |= (byte < 32) | (byte > 126) | (byte == 92) | (byte == one) | (byte == other)
    column.plain = not odd


@lean_kernel
def _is_word(text: Bytes, first: Int, stop: Int, word: bytes) -> bool:
    same = bool(stop - first == len(word))
    for n in range(len(word) if same else 0):
        same &= text[first + n] == word[n]
    return same


@lean_kernel
def _put_byte(byte: int, out: Bytes, at: int) -> int:
    """Write a byte as Zeek does."""
    out[at] = 92
    if byte == 92:
        out[at + 1] = 92
        return at + 2
    out[at + 1] = 120
    out[at + 2] = _HEX[byte >> 4]
    out[at + 3] = _HEX[byte & 15]
    return at + 4


@lean_kernel
def _put_point(text: Bytes, first: Int, stop: Int, out: Bytes, at: int) -> tuple[int, Int]:
    """Write one character as JSON's escape; return where it ends and where the next one begins."""
    byte: Int = np.int64(text[first])
    if _SHORT[byte] != 0:
        out[at] = 92
        out[at + 1] = _SHORT[byte]
        return at + 2, first + 1
    more: Int = (byte >= 0xC0) + (byte >= 0xE0) + (byte >= 0xF0)
    point = byte & (0x7F >> (more + (more > 0)))
    if byte >= 0x80 and (more == 0 or first + more >= stop):
        point, more = 0xFFFD, 0  # no UTF-8
    for n in range(more):
        point = point << 6 | np.int64(text[first + 1 + n]) & 0x3F
    if point > 0xFFFF:
        at = _put_four(0xD7C0 + (point >> 10), out, at)
        point = 0xDC00 | point & 0x3FF
    return _put_four(point, out, at), first + 1 + more


@lean_kernel
def _put_four(unit: Int, out: Bytes, at: int) -> int:
    out[at] = 92
    out[at + 1] = 117
    for n in range(4):
        out[at + 2 + n] = _HEX[(unit >> (12 - 4 * n)) & 15]
    return at + 6


@lean_kernel
def _quoted(out: Bytes, begin: int, end: int) -> int:
    """Put a field of CSV in quotes where it must stand in some."""
    quotes, needed = 0, begin == end
    for at in range(begin, end):
        quotes += out[at] == 34
        needed |= out[at] == 34 or out[at] == 44
    if not needed:
        return end
    to = end + quotes + 1
    out[to] = 34
    for at in range(end - 1, begin - 1, -1):
        to -= 1
        out[to] = out[at]
        if out[at] == 34:
            to -= 1
            out[to] = 34
    out[begin] = 34
    return end + quotes + 2
