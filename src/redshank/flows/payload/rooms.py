r"""From what services read to columns of FLOW.

In: numbers, flags, and spans of text in a room of bytes, for some of the rows of a batch. Out: Arrow columns for all of
them. Text is UTF-8: a byte of a control character, or of what is no UTF-8, is written as \xNN.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel

NONE = int(np.iinfo(np.int64).min)
"""What stands for null among the numbers and flags that a service reads."""

Int = Any
"""An integer inside a kernel."""

_FORMS = (pa.int64(), pa.int32(), pa.bool_())

Bytes = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]
Ends = npt.NDArray[np.int32]


@lean_kernel
def _spread(
    numbers: Places,
    which: Places,
    slots: Places,
    long: npt.NDArray[np.int64],
    short: npt.NDArray[np.int32],
    flags: Bytes,
    valid: Bytes,
    known: Places,
) -> None:
    """Put numbers[k] where which[k] says; set the bits of what is known and of what is true; count what is known.

    Args:
        numbers: What was read.
        which: The rows it is of.
        slots: Where each column goes: 3 * n for the n-th of `long`, 3 * n + 1 for `short`, 3 * n + 2 for `flags`.
        long: Numbers of 64 bits.
        short: Numbers of 32 bits.
        flags: Bits.
        valid: The bits of what is known, of all columns.
        known: How much is known, of all columns.
    """
    for column in range(len(slots)):
        kind, slot, count = slots[column] % 3, slots[column] // 3, 0
        for k in range(len(which)):
            value = numbers[k, column]
            if value == NONE:
                continue
            row = np.uint64(which[k])
            byte, bit = row >> np.uint64(3), 1 << (which[k] & 7)
            valid[column, byte] |= bit
            if kind == 0:
                long[slot, row] = value
            elif kind == 1:
                short[slot, row] = value
            elif value != 0:
                flags[slot, byte] |= bit
            count += 1
        known[column] = count


def number_columns(numbers: Places, which: Places, rows: int, kinds: dict[str, pa.DataType]) -> dict[str, pa.Array]:
    """Return a column of each number and flag that is known of any row.

    Args:
        numbers: As they were read; NONE is null.
        which: The rows they are of.
        rows: How many there are.
        kinds: Names of the columns, in order, and whether they are bool, int32 or int64.

    Shape:
        numbers: [m, N]; which: [m]; returns: [rows] each.

    Example:
        >>> kinds = {"a": pa.int32(), "b": pa.bool_()}
        >>> columns = number_columns(np.array([[NONE, 1], [7, NONE]]), np.array([0, 2]), 3, kinds)
        >>> columns["a"].to_pylist(), columns["b"].to_pylist()
        ([None, None, 7], [True, None, None])
    """
    counts, slots = [0, 0, 0], np.empty(len(kinds), np.int64)
    for place, kind in enumerate(kinds.values()):
        form = _FORMS.index(kind)
        slots[place] = 3 * counts[form] + form
        counts[form] += 1
    bits = (rows + 7) // 8
    forms = (
        np.zeros((counts[0], rows), np.int64),
        np.zeros((counts[1], rows), np.int32),
        np.zeros((counts[2], bits), np.uint8),
    )
    valid, known = np.zeros((len(kinds), bits), np.uint8), np.zeros(len(kinds), np.int64)
    _spread(numbers, which, slots, *forms, valid, known)
    buffers, seen, columns = [pa.py_buffer(form) for form in forms], pa.py_buffer(valid), {}
    sizes = (8 * rows, 4 * rows, bits)
    for place, ((name, kind), slot, count) in enumerate(
        zip(kinds.items(), slots.tolist(), known.tolist(), strict=True)
    ):
        if count:
            size = sizes[slot % 3]
            values = buffers[slot % 3].slice(slot // 3 * size, size)
            columns[name] = pa.Array.from_buffers(kind, rows, [seen.slice(place * bits, bits), values], rows - count)
    return columns


@lean_kernel
def _letter(source: Bytes, at: Int, end: Int) -> int:
    """Return how many bytes the letter has that begins there; 0: a control character, or no UTF-8 (RFC 3629)."""
    first = source[at]
    if first < 0x80:
        return 1 if 32 <= first < 127 else 0
    size = 2 if 0xC2 <= first < 0xE0 else 3 if 0xE0 <= first < 0xF0 else 4 if 0xF0 <= first < 0xF5 else 0
    if size == 0 or at + size > end:
        return 0
    # Of control characters, of what has a shorter form, of halves of pairs, and beyond the last letter.
    least = 0x90 if first == 0xF0 else 0xA0 if first == 0xE0 or first == 0xC2 else 0x80  # noqa: PLR1714  no sets here
    most = 0x8F if first == 0xF4 else 0x9F if first == 0xED else 0xBF
    if source[at + 1] < least or source[at + 1] > most:
        return 0
    for place in range(at + 2, at + size):
        if source[place] & 0xC0 != 0x80:
            return 0
    return size


@lean_kernel
def _odd(source: Bytes, at: int, end: int) -> int:
    """Return how many of the bytes belong to no letter."""
    count = 0
    for place in range(np.uint64(at), np.uint64(end)):
        count += (source[place] < 32) | (source[place] > 126)
    if count == 0:
        return 0
    count = 0
    while at < end:
        size = _letter(source, at, end)
        count += size == 0
        at += max(size, 1)
    return count


@lean_kernel
def _lengths(source: Bytes, spans: Places, text: int, which: Places, plain: int, ends: Ends, valid: Bytes) -> int:
    """Set where the text of each row ends; return how many have one."""
    count, total, row = 0, 0, 0
    for k in range(len(which)):
        start, stop, target = spans[k, 2 * text], spans[k, 2 * text + 1], which[k]
        if start < 0:
            continue
        for between in range(np.uint64(row), np.uint64(target)):
            ends[between + np.uint64(1)] = total
        total += stop - start
        if not plain:
            total += 3 * _odd(source, start, stop)
        ends[target + 1] = total
        valid[target >> 3] |= 1 << (target & 7)
        row = target + 1
        count += 1
    for between in range(np.uint64(row), np.uint64(len(ends) - 1)):
        ends[between + np.uint64(1)] = total
    return count


@lean_kernel
def _write(source: Bytes, spans: Places, text: int, which: Places, ends: Ends, out: Bytes) -> None:
    digits = b"0123456789abcdef"
    for k in range(len(which)):
        start, stop = np.uint64(spans[k, 2 * text]), np.uint64(spans[k, 2 * text + 1])
        if spans[k, 2 * text] < 0:
            continue
        place, size = np.uint64(ends[which[k]]), stop - start
        if np.uint64(ends[which[k] + 1]) - place == size:
            for at in range(size):
                out[place + at] = source[start + at]
            continue
        letter, end, to = np.int64(start), np.int64(stop), np.int64(place)
        while letter < end:
            length, value = _letter(source, letter, end), source[letter]
            for n in range(length):
                out[to + n] = source[letter + n]
            if length == 0:
                out[to], out[to + 1] = 92, 120
                out[to + 2], out[to + 3] = digits[value >> 4], digits[value & 15]
            to += length if length > 0 else 4
            letter += max(length, 1)


def text_column(
    source: Bytes, spans: Places, text: int, which: Places, rows: int, *, plain: bool = False
) -> pa.StringArray | None:
    r"""Return a column of text, or None if no row has any.

    Args:
        source: Bytes that the texts lie in.
        spans: Where each starts and stops; below 0 is null.
        text: Which pair of the spans to take.
        which: The rows they are of, in order.
        rows: How many there are.
        plain: The bytes are UTF-8; otherwise those that are not, and control characters, become \xNN.

    Shape:
        source: [b]; spans: [m, 2 T]; which: [m]; returns: [rows].

    Example:
        >>> room = np.frombuffer(b"caf\xe9!", np.uint8)
        >>> print(text_column(room, np.array([[0, 4]]), 0, np.array([1]), 2)[1])
        caf\xe9
    """
    ends, valid = np.zeros(rows + 1, np.int32), np.zeros((rows + 7) // 8, np.uint8)
    count = _lengths(source, spans, text, which, int(plain), ends, valid)
    if count == 0:
        return None
    out = np.empty(int(ends[rows]), np.uint8)
    _write(source, spans, text, which, ends, out)
    return pa.StringArray.from_buffers(rows, pa.py_buffer(ends), pa.py_buffer(out), pa.py_buffer(valid), rows - count)
