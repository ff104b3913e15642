"""Columns of text from numbers: addresses, MACs, fixed letters; whole columns at once.

In: arrays of numbers or letters. Out: Arrow text columns.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.table import Int

Bytes = npt.NDArray[np.uint8]
Ends = npt.NDArray[np.int32]

_HEX = b"0123456789abcdef"
_WIDTH = 45
"""Letters of the longest IPv6 address as text."""


def texts(letters: Bytes, lengths: npt.NDArray[Any]) -> pa.StringArray:
    """Build a text column from ASCII letters, of which the first `lengths` count; length 0 is null.

    Shape:
        letters: [n, w]; lengths: [n].

    Example:
        >>> texts(np.frombuffer(b"abcd", np.uint8).reshape(2, 2), np.array([1, 0])).to_pylist()
        ['a', None]
    """
    ends = np.zeros(len(lengths) + 1, np.int32)
    np.cumsum(lengths, out=ends[1:])
    out = np.empty(ends[-1], np.uint8)
    _pack(letters, ends, out)
    return _column(ends, out)


@lean_kernel
def _pack(letters: Bytes, ends: Ends, out: Bytes) -> None:
    for k in range(len(ends) - 1):
        at = np.int64(ends[k])
        for n in range(np.int64(ends[k + 1]) - at):
            out[at + n] = letters[k, n]


def _column(ends: Ends, data: Bytes) -> pa.StringArray:
    count = len(ends) - 1
    present = ends[1:] > ends[:-1]
    valid = None if present.all() else pa.py_buffer(np.packbits(present, bitorder="little"))
    return pa.StringArray.from_buffers(count, pa.py_buffer(ends), pa.py_buffer(data), valid)


def addresses(version: Bytes, hi: npt.NDArray[np.uint64], lo: npt.NDArray[np.uint64]) -> pa.StringArray:
    """Write IP addresses as text.

    Args:
        version: 4 or 6.
        hi: Upper 64 bits, as in PACKET.
        lo: Lower 64 bits.

    Shape:
        version, hi, lo: [n].

    Example:
        >>> addresses(np.array([4, 6], "u1"), np.array([0, 0], "u8"), np.array([0x7F000001, 1], "u8")).to_pylist()
        ['127.0.0.1', '::1']
    """
    ends = np.zeros(len(lo) + 1, np.int32)
    out = np.empty(_WIDTH * len(lo), np.uint8)
    _addresses(version, hi, lo, ends, out)
    return _column(ends, out[: ends[-1]])


@lean_kernel
def _dotted(value: Int, out: Bytes, at: int) -> int:
    """Write an IPv4 address; return where it ends."""
    for octet in range(4):
        number = (value >> (24 - 8 * octet)) & 255
        if octet > 0:
            out[at] = 46
            at += 1
        if number >= 100:
            out[at] = 48 + number // 100
            at += 1
        if number >= 10:
            out[at] = 48 + number // 10 % 10
            at += 1
        out[at] = 48 + number % 10
        at += 1
    return at


@lean_kernel
def _group(hi: Int, lo: Int, place: int) -> Int:
    """Return one of the eight groups of an IPv6 address."""
    return ((hi if place < 4 else lo) >> (48 - 16 * (place & 3))) & 0xFFFF


@lean_kernel
def _colons(hi: Int, lo: Int, out: Bytes, at: int) -> int:
    """Write an IPv6 address as RFC 5952 and inet_ntop do; return where it ends."""
    first, most, run = -1, 1, 0
    for place in range(8):
        run = run + 1 if _group(hi, lo, place) == 0 else 0
        if run > most:
            first, most = place + 1 - run, run
    place = 0
    while place < 8:
        if place == first:
            out[at] = out[at + 1] = 58
            at += 2
            place += most
            continue
        if place > 0 and place != first + most:
            out[at] = 58
            at += 1
        if place == 6 and first == 0 and (most == 6 or (most == 5 and _group(hi, lo, 5) == 0xFFFF)):
            return _dotted(lo & 0xFFFFFFFF, out, at)
        value = _group(hi, lo, place)
        for shift in (12, 8, 4, 0):
            if value >> shift or shift == 0:
                out[at] = _HEX[(value >> shift) & 15]
                at += 1
        place += 1
    return at


@lean_kernel
def _addresses(version: Bytes, hi: npt.NDArray[np.uint64], lo: npt.NDArray[np.uint64], ends: Ends, out: Bytes) -> None:
    at = 0
    for k in range(len(lo)):
        if version[k] == 4:
            at = _dotted(np.int64(lo[k]), out, at)
        else:
            at = _colons(np.int64(hi[k]), np.int64(lo[k]), out, at)
        ends[k + 1] = at


def macs(values: npt.NDArray[np.uint64]) -> pa.StringArray:
    """Write 48-bit link-layer addresses as text; 0 is null.

    Example:
        >>> macs(np.array([0x020000000001, 0], "u8")).to_pylist()
        ['02:00:00:00:00:01', None]
    """
    ends = np.zeros(len(values) + 1, np.int32)
    out = np.empty(17 * len(values), np.uint8)
    _macs(values, ends, out)
    return _column(ends, out[: ends[-1]])


@lean_kernel
def _macs(values: npt.NDArray[np.uint64], ends: Ends, out: Bytes) -> None:
    at = 0
    for k in range(len(values)):
        value = np.int64(values[k])
        if value != 0:
            for octet in range(6):
                byte = (value >> (40 - 8 * octet)) & 255
                out[at + 3 * octet] = _HEX[byte >> 4]
                out[at + 3 * octet + 1] = _HEX[byte & 15]
                if octet < 5:
                    out[at + 3 * octet + 2] = 58
            at += 17
        ends[k + 1] = at
