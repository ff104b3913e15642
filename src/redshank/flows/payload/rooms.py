r"""From the bytes that services read to columns.

In: a room of bytes for each flow, and spans in it. Out: Arrow arrays of text, in which a byte that is not printable
ASCII is written as \xNN, or of the bytes as they are; and a function applied once to each distinct value.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel


@lean_kernel
def _lengths(
    room: npt.NDArray[np.uint8],
    spans: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int32],
    absent: npt.NDArray[np.bool_],
    plain: bool,  # noqa: FBT001  a kernel takes places
) -> int:
    """Set where each text will end; return the length of all."""
    total = 0
    for k in range(len(spans)):
        absent[k] = spans[k, 0] < 0
        if not absent[k] and plain:
            total += spans[k, 1] - spans[k, 0]
        elif not absent[k]:
            for at in range(spans[k, 0], spans[k, 1]):
                total += 1 if 32 <= room[k, at] < 127 else 4
        ends[k + 1] = total
    return total


@lean_kernel
def _write(
    room: npt.NDArray[np.uint8],
    spans: npt.NDArray[np.int64],
    out: npt.NDArray[np.uint8],
    plain: bool,  # noqa: FBT001  a kernel takes places
) -> None:
    digits = b"0123456789abcdef"
    place = 0
    for k in range(len(spans)):
        if spans[k, 0] < 0:
            continue
        for at in range(spans[k, 0], spans[k, 1]):
            value = room[k, at]
            if plain or 32 <= value < 127:
                out[place] = value
                place += 1
                continue
            out[place], out[place + 1] = 92, 120
            out[place + 2], out[place + 3] = digits[value >> 4], digits[value & 15]
            place += 4


def escaped(room: npt.NDArray[np.uint8], spans: npt.NDArray[np.int64]) -> pa.StringArray:
    r"""Return texts out of room, null where a span starts below 0; bytes outside printable ASCII become \xNN.

    Shape:
        room: [n, r]; spans: [n, 2], start and stop; returns: [n].

    Example:
        >>> room = np.frombuffer(b"caf\xe9!", np.uint8).reshape(1, 5)
        >>> print(escaped(room, np.array([[0, 4]]))[0])
        caf\xe9
    """
    return _array(room, spans, pa.string())


def verbatim(room: npt.NDArray[np.uint8], spans: npt.NDArray[np.int64]) -> pa.BinaryArray:
    """Return bytes out of room, null where a span starts below 0.

    Shape:
        room: [n, r]; spans: [n, 2], start and stop; returns: [n].
    """
    return _array(room, spans, pa.binary())


def each(values: pa.Array, function: Callable[[Any], Any], kind: pa.DataType | None = None) -> pa.Array:
    """Return function(value) of every value, called once for each distinct one; null stays null.

    Args:
        values: Anything that can be told apart.
        function: From a Python value to a Python value; None is null.
        kind: Type of what it returns; text if not given.

    Example:
        >>> each(pa.array([7, 7, None]), str).to_pylist()
        ['7', '7', None]
    """
    coded = values.dictionary_encode()
    return pa.array([function(value) for value in coded.dictionary.to_pylist()], kind or pa.string()).take(
        coded.indices
    )


def _array(room: npt.NDArray[np.uint8], spans: npt.NDArray[np.int64], kind: pa.DataType) -> pa.Array:
    ends, absent = np.zeros(len(spans) + 1, np.int32), np.zeros(len(spans), np.bool_)
    plain = kind == pa.binary()
    out = np.empty(_lengths(room, spans, ends, absent, plain), np.uint8)
    _write(room, spans, out, plain)
    valid = pa.py_buffer(np.packbits(~absent, bitorder="little"))
    return pa.Array.from_buffers(kind, len(spans), [valid, pa.py_buffer(ends), pa.py_buffer(out)], int(absent.sum()))
