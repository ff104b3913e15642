"""Reading payload bytes inside kernels, never past their end.

In: the bytes of a block and the stretch [at, end) of one payload. Out: comparisons and numbers.
All are lean kernels, and so should be what calls them: counting references costs more than what is done here.
Places are unsigned where many bytes are touched: a signed one may count from the end, and each access would ask.
"""

import numpy as np
import numpy.typing as npt

from redshank.capture.words import u8, u64
from redshank.core.kernel import lean_kernel


@lean_kernel
def starts(data: npt.NDArray[np.uint8], at: int, end: int, text: bytes) -> bool:
    """Tell whether data[at:end] starts with `text`."""
    if at < 0 or at + len(text) > end:
        return False
    place, fits = np.uint64(at), 0
    while fits < len(text) and data[place + np.uint64(fits)] == text[fits]:
        fits += 1
    return fits == len(text)


@lean_kernel
def starts_word(data: npt.NDArray[np.uint8], at: int, end: int, text: bytes) -> bool:
    """Tell whether data[at:end] starts with the upper-case `text`, in either case."""
    if at < 0 or at + len(text) > end:
        return False
    place = np.uint64(at)
    for k in range(len(text)):
        letter = data[place + np.uint64(k)]
        if letter != text[k] and (letter - 32 != text[k] or letter < 97 or letter > 122):
            return False
    return True


@lean_kernel
def number(data: npt.NDArray[np.uint8], at: int, size: int) -> int:
    """Return `size` bytes from `at` on as a big-endian number; the caller knows that they are there."""
    value, place = 0, np.uint64(at)
    for k in range(size):
        value = value << 8 | int(data[place + np.uint64(k)])
    return value


@lean_kernel
def little(data: npt.NDArray[np.uint8], at: int, size: int) -> int:
    """Return `size` bytes from `at` on as a little-endian number; the caller knows that they are there."""
    value, place = 0, np.uint64(at)
    for k in range(size):
        value |= int(data[place + np.uint64(k)]) << 8 * k
    return value


@lean_kernel
def place_of(data: npt.NDArray[np.uint8], at: int, end: int, text: bytes) -> int:
    """Return where `text` first stands in data[at:end], or -1."""
    last = end - len(text)
    while 0 <= at <= last:
        at = byte_at(data, at, last + 1, text[0])
        if at <= last and starts(data, at, end, text):
            return at
        at += 1
    return -1


@lean_kernel
def byte_at(data: npt.NDArray[np.uint8], at: int, end: int, value: int) -> int:
    """Return where the byte `value` first stands in data[at:end], or `end`; eight are looked at at a time."""
    ones = np.uint64(0x0101010101010101)
    pattern = np.uint64(value) * ones
    while at + 8 <= end:
        odd = u64(data, at) ^ pattern
        if (odd - ones) & ~odd & (ones << np.uint64(7)):  # a byte of it is zero
            break
        at += 8
    while at < end and u8(data, at) != value:
        at += 1
    return at


@lean_kernel
def printable(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] is printable ASCII all through."""
    while at < end and 32 <= data[np.uint64(at)] <= 126:
        at += 1
    return at >= end


@lean_kernel
def same(data: npt.NDArray[np.uint8], at: int, other: npt.NDArray[np.uint8], place: int, size: int) -> bool:
    """Tell whether `size` bytes from `at` on are those of `other` from `place` on."""
    while size >= 8:
        if u64(data, at) != u64(other, place):
            return False
        at, place, size = at + 8, place + 8, size - 8
    while size > 0 and u8(data, at) == u8(other, place):
        at, place, size = at + 1, place + 1, size - 1
    return size <= 0


@lean_kernel
def copy(data: npt.NDArray[np.uint8], at: int, size: int, out: npt.NDArray[np.uint8], place: int) -> int:
    """Copy `size` bytes, none if it is below 0, from `at` to out[place:]; return where they end there."""
    here, there = np.uint64(at), np.uint64(place)
    for k in range(np.uint64(max(size, 0))):
        out[there + k] = data[here + k]
    return place + max(size, 0)


@lean_kernel
def put(
    data: npt.NDArray[np.uint8],
    at: int,
    end: int,
    row: npt.NDArray[np.uint8],
    spans: npt.NDArray[np.int64],
    text: int,
    place: int,
    longest: int,
) -> int:
    """Copy data[at:end], at most `longest` bytes, into `row` at `place`; return where it ends there.

    Args:
        data: Bytes.
        at: Start in data.
        end: End in data.
        row: A flow's room.
        spans: Its texts; where the text starts and stops is set.
        text: Which text it is.
        place: Where in the room; the caller knows that there is enough left.
        longest: Where a text is cut.
    """
    stop = copy(data, at, min(end - at, longest), row, place)
    spans[2 * text], spans[2 * text + 1] = place, stop
    return stop


@lean_kernel
def settle(spans: npt.NDArray[np.int64], place: int) -> int:
    """Move the texts of a flow, told from the start of its room, to where that is; return where the last ends."""
    last = place
    for k in range(0, len(spans), 2):
        if spans[k] >= 0:
            spans[k] += place
            spans[k + 1] += place
            last = max(last, spans[k + 1])
    return last
