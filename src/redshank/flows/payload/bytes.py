"""Reading payload bytes inside kernels, never past their end.

In: the bytes of a block and the stretch [at, end) of one payload. Out: comparisons and numbers.
All are lean kernels, and so should be what calls them: counting references costs more than what is done here.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel


@lean_kernel
def starts(data: npt.NDArray[np.uint8], at: int, end: int, text: bytes) -> bool:
    """Tell whether data[at:end] starts with `text`."""
    if at + len(text) > end:
        return False
    same = 0
    while same < len(text) and data[at + same] == text[same]:
        same += 1
    return same == len(text)


@lean_kernel
def starts_word(data: npt.NDArray[np.uint8], at: int, end: int, text: bytes) -> bool:
    """Tell whether data[at:end] starts with the upper-case `text`, in either case."""
    if at + len(text) > end:
        return False
    for k in range(len(text)):
        letter = data[at + k]
        if letter != text[k] and (letter - 32 != text[k] or letter < 97 or letter > 122):
            return False
    return True


@lean_kernel
def number(data: npt.NDArray[np.uint8], at: int, size: int) -> int:
    """Return `size` bytes from `at` on as a big-endian number; the caller knows that they are there."""
    value = 0
    for k in range(size):
        value = value << 8 | int(data[at + k])
    return value


@lean_kernel
def little(data: npt.NDArray[np.uint8], at: int, size: int) -> int:
    """Return `size` bytes from `at` on as a little-endian number; the caller knows that they are there."""
    value = 0
    for k in range(size):
        value |= int(data[at + k]) << 8 * k
    return value


@lean_kernel
def place_of(data: npt.NDArray[np.uint8], at: int, end: int, text: bytes) -> int:
    """Return where `text` first stands in data[at:end], or -1."""
    for place in range(at, end - len(text) + 1):
        if data[place] == text[0] and starts(data, place, end, text):
            return place
    return -1


@lean_kernel
def printable(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] is printable ASCII all through."""
    while at < end and 32 <= data[at] <= 126:
        at += 1
    return at >= end


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
        spans: Its texts; spans[text] is set.
        text: Which text it is.
        place: Where in the room; the caller knows that there is enough left.
        longest: Where a text is cut.
    """
    end = max(min(end, at + longest), at)
    for k in range(end - at):
        row[place + k] = data[at + k]
    spans[text, 0], spans[text, 1] = place, place + end - at
    return place + end - at
