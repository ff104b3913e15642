"""Find the frames in a classic pcap file.

In: the file's header, then any stretch of its records. Out: place, length and time of each frame.
The one idea: the kernel fills at most one Block's arrays and says where it stopped and why; the caller reads on.
Source: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcap/ (both byte orders, micro- and nanoseconds).
"""

import struct
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.capture.words import Bytes, fetch, little_u32, u32
from redshank.core.kernel import lean_kernel

MORE, FULL = -1, -2
"""Why an index stopped, where it is no fault: the stretch holds no further whole record; the arrays are full."""

MAX_FRAME = 262_144
"""Captured bytes of one frame; the largest snap length that capture tools set. A larger one is damage."""

HEADER_BYTES = 24
FAULTS = ("pcap_frame_too_large",)
TRUNCATED = "pcap_truncated"
_AHEAD = 512
"""Bytes that are asked for before they are read; from 256 to 2,048 it makes no difference."""
_RESERVED = 0x03FF0000  # bits between the link type and what says how long a frame check sequence is

# Magic number in file order -> (byte order, nanoseconds per tick)
MAGICS = {
    b"\xd4\xc3\xb2\xa1": ("<", 1000),
    b"\xa1\xb2\xc3\xd4": (">", 1000),
    b"\x4d\x3c\xb2\xa1": ("<", 1),
    b"\xa1\xb2\x3c\x4d": (">", 1),
}

Index = tuple[npt.NDArray[Any], ...]
"""The arrays of a Block behind `data`: offset, captured, length, ts_ns, link_type."""


def check_header(head: bytes) -> None:
    """Refuse a file header that no reader may accept.

    Args:
        head: The start of the file, from its magic number on; what it is too short to say is not refused.

    Raises:
        ValueError: If the version is not 2.x, or reserved bits of the link type are set.
    """
    order, _ = MAGICS[head[:4]]
    if len(head) >= 8:
        major, minor = struct.unpack(f"{order}HH", head[4:8])
        if major != 2:
            raise ValueError(f"pcap version {major}.{minor}; only 2.x exists. The file is damaged; capture it again")
    if len(head) >= HEADER_BYTES:
        (field,) = struct.unpack(f"{order}I", head[20:HEADER_BYTES])
        if field & _RESERVED:
            raise ValueError(
                f"link type {field:#010x}; its reserved bits must be zero. The file is damaged; capture it again"
            )


class Records:
    """The records of one classic pcap file, from its first byte on."""

    faults = FAULTS
    truncated = TRUNCATED

    def __init__(self) -> None:
        self._big_endian = False
        self._tick_ns = 0
        self._link_type = 0

    def index(self, data: Bytes, at: int, stop: int, arrays: Index) -> tuple[int, int, int]:
        """Index the records in `data[at:stop]`.

        Args:
            data: The bytes.
            at: Where the file or a record starts.
            stop: Where the bytes end.
            arrays: Filled from their start.

        Returns:
            How many frames were found; where the next record starts; MORE, FULL or an index into `faults`.
        """
        if not self._tick_ns:
            if stop - at < HEADER_BYTES:
                return 0, at, MORE
            head = data[at : at + HEADER_BYTES].tobytes()
            order, self._tick_ns = MAGICS[head[:4]]
            self._big_endian = order == ">"
            self._link_type = struct.unpack(f"{order}I", head[20:])[0] & 0xFFFF
            at += HEADER_BYTES
        offset, captured, length, ts_ns, link_type = arrays
        count, at, state = _index(data, at, stop, self._big_endian, self._tick_ns, offset, captured, length, ts_ns)
        link_type[:count] = self._link_type
        return count, at, state


@lean_kernel
def read_u32(data: Bytes, at: int, big_endian: bool) -> int:  # noqa: FBT001  kernels take positional flags
    """Read 32 bits in the file's byte order."""
    if big_endian:
        return u32(data, at)
    return little_u32(data, at)


@lean_kernel
def _index(
    data: Bytes,
    at: int,
    stop: int,
    big_endian: bool,  # noqa: FBT001  kernels take positional flags
    tick_ns: int,
    offset: npt.NDArray[np.int64],
    captured: npt.NDArray[np.int32],
    length: npt.NDArray[np.int64],
    ts_ns: npt.NDArray[np.int64],
) -> tuple[int, int, int]:
    count = 0
    while at + 16 <= stop:
        if count == len(offset):
            return count, at, FULL
        # Where the next record starts is known only when this one's length is there: small ones would wait for each.
        fetch(data, at + _AHEAD)
        fetch(data, at + _AHEAD + 64)
        here = read_u32(data, at + 8, big_endian)
        if here > MAX_FRAME:
            return count, at, 0
        if at + 16 + here > stop:
            break
        offset[count] = at + 16
        captured[count] = here
        length[count] = read_u32(data, at + 12, big_endian)
        ts_ns[count] = read_u32(data, at, big_endian) * 1_000_000_000 + read_u32(data, at + 4, big_endian) * tick_ns
        count += 1
        at += 16 + here
    return count, at, MORE
