"""Small numbers -> the runs that Parquet writes levels and codes as, and the header of a page.

In: numbers of a few bits. Out: bytes from a place on; every function returns the place behind what it wrote.
A section is one run: one value repeated, or values of a fixed width side by side, eight and eight, the lowest first.
That is also how Arrow keeps which values are there, so those bits are copied.
Source: https://parquet.apache.org/docs/file-format/data-pages/encodings/ (RLE/bit-packing hybrid), parquet.thrift,
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

import numpy as np

from redshank.core.kernel import lean_kernel
from redshank.flows.parquet.memory import Codes, Number, Octets, put, put_4

PLAIN, RLE, CODED = 0, 3, 8
"""Encodings: values as they are; runs; places in the chunk's dictionary."""

HEADER_BYTES = 40
"""No page's header is longer."""

SLACK = 16
"""What a function may touch behind the place that it returns."""


@lean_kernel
def number(out: Octets, at: Number, value: Number) -> Number:
    """Write a number >= 0, seven bits to a byte."""
    while value > 127:
        out[at] = np.uint8(value & 127 | 128)
        value >>= 7
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@lean_kernel
def number_size(value: Number) -> Number:
    """Return the bytes that `number` takes."""
    size = 1
    while value > 127:
        value >>= 7
        size += 1
    return size


@lean_kernel
def repeated(out: Octets, at: Number, width: Number, count: Number, value: Number) -> Number:
    """Write a run of `count` times one value.

    Args:
        out: Where to.
        at: Place of the first byte.
        width: Bits of a value, 1 to 16.
        count: How often, from 1.
        value: 0 to 2**width - 1.
    """
    at = number(out, at, count << 1)
    out[at] = np.uint8(value & 255)
    if width > 8:
        out[at + 1] = np.uint8(value >> 8)
        return at + 2
    return at + 1


@lean_kernel
def repeated_size(width: Number, count: Number) -> Number:
    """Return the bytes that `repeated` takes."""
    return number_size(count << 1) + (2 if width > 8 else 1)


@lean_kernel
def packed_size(width: Number, count: Number) -> Number:
    """Return the bytes that `packed` takes."""
    groups = (count + 7) >> 3
    return number_size(groups << 1 | 1) + groups * width


@lean_kernel
def packed(out: Octets, at: Number, width: Number, codes: Codes, count: Number) -> Number:
    """Write a run of `count` values side by side.

    Args:
        out: Where to; SLACK bytes behind the run may be changed.
        at: Place of the first byte.
        width: Bits of a value, 1 to 15.
        codes: The values; seven behind the last may be changed.
        count: How many, from 1.
    """
    groups = (count + 7) >> 3
    at = number(out, at, groups << 1 | 1)
    for k in range(count, groups << 3):
        codes[k] = 0
    bits = np.uint64(width)
    if width <= 8:
        for group in range(groups):
            first, word = group << 3, np.uint64(0)
            for k in range(8):
                word |= np.uint64(codes[first + k]) << (bits * np.uint64(k))
            put(out, at, word)
            at += width
        return at
    half = np.uint64(4) * bits
    rest = np.uint64(64) - half
    for group in range(groups):
        first, low, high = group << 3, np.uint64(0), np.uint64(0)
        for k in range(4):
            low |= np.uint64(codes[first + k]) << (bits * np.uint64(k))
            high |= np.uint64(codes[first + 4 + k]) << (bits * np.uint64(k))
        put(out, at, low | high << half)
        put(out, at + 8, high >> rest)
        at += width
    return at


@lean_kernel
def section(out: Octets, at: Number, size: Number) -> Number:
    """Write the length that stands before a section of levels."""
    put_4(out, at, np.uint64(size))
    return at + 4


@lean_kernel
def header(out: Octets, at: Number, size: Number, levels: Number, encoding: Number) -> Number:
    """Write the header of a data page, in Thrift's compact protocol.

    Args:
        out: Where to; HEADER_BYTES are enough.
        at: Place of the first byte.
        size: Bytes of the page, below 2**31.
        levels: Rows, or members of lists, null or not.
        encoding: PLAIN or CODED.
    """
    out[at], out[at + 1] = 0x15, 0  # kind: a data page
    for _ in range(2):  # as it is, and compressed
        out[at + 2] = 0x15
        at = number(out, at + 3, size << 1) - 2
    out[at + 2], out[at + 3] = 0x2C, 0x15
    at = number(out, at + 4, levels << 1)
    for value in (encoding, RLE, RLE):
        out[at], out[at + 1] = 0x15, np.uint8(value << 1)
        at += 2
    out[at], out[at + 1] = 0, 0
    return at + 2
