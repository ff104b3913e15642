"""The link-layer header of DNP3, the same over TCP and UDP: two fixed bytes, and a checksum that must be right.

In: bytes, or flows. Out: whether a header stands there; which flows begin with one.
Source: IEEE 1815-2012, section 9.2; its CRC is CRC-16/DNP (polynomial 0x3D65, bits in reverse, inverted at the end).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import little

HEADER = 10
FIRST = (b"\x05", b"\x64", bytes(range(5, 256)))
"""What a header begins with: two fixed bytes, and a length of 5 or more."""

_POLYNOMIAL = 0xA6BC


@lean_kernel
def checksum(data: npt.NDArray[np.uint8], at: int, end: int) -> int:
    """Return the CRC of data[at:end], as DNP3 reckons it.

    Example:
        >>> hex(checksum(np.frombuffer(b"123456789", np.uint8), 0, 9))  # the check value of CRC-16/DNP
        '0xea82'
    """
    value = 0
    for place in range(at, end):
        value ^= int(data[place])
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    return value ^ 0xFFFF


@lean_kernel
def is_header(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] starts with a link-layer header."""
    if end - at < HEADER or data[at] != 0x05 or data[at + 1] != 0x64 or data[at + 2] < 5:
        return False
    return checksum(data, at, at + 8) == little(data, at + 8, 2)


@lean_kernel
def recognize_headers(
    data: npt.NDArray[np.uint8],
    streams: npt.NDArray[Any],
    which: npt.NDArray[np.int64],
    found: npt.NDArray[np.uint8],
    proto: int,
) -> None:
    """Set `found` where a side of a flow of an IP protocol starts with a header; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == proto:
            found[k] = is_header(data, flow.client_at, flow.client_end)
            found[k] |= is_header(data, flow.server_at, flow.server_end)
