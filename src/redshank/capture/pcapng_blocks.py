"""Find the frames in a pcapng file.

In: any stretch of its blocks, from a section header on. Out: place, length, time and link type of each frame.
The one idea: all that a block may refer to (byte order, interfaces with their clocks) is a small table of numbers, so
one kernel walks the blocks without leaving compiled code. Blocks that hold no frame are stepped over.
Source: https://datatracker.ietf.org/doc/draft-ietf-opsawg-pcapng/ (section numbers in the comments).
"""

import struct

import numpy as np
import numpy.typing as npt

from redshank.capture.pcap_records import FULL, MAX_FRAME, MORE, Index, read_u32
from redshank.capture.words import Bytes, little_u16, u8, u16
from redshank.core.kernel import lean_kernel

SECTION = b"\x0a\x0d\x0d\x0a"
ORDERS = {b"\x4d\x3c\x2b\x1a": "<", b"\x1a\x2b\x3c\x4d": ">"}
TRUNCATED = "pcapng_truncated"
MAX_BLOCK = 16 * 1024 * 1024
"""Bytes of one block; other readers stop at the same bound."""
MAX_INTERFACES = 4096

FAULTS = (
    "pcapng_block_length",
    "pcapng_section_header",
    "pcapng_interface_header",
    "pcapng_interface_unknown",
    "pcapng_interfaces",
    "pcapng_packet_length",
    "pcapng_frame_too_large",
)
_BLOCK_LENGTH, _SECTION_HEADER, _INTERFACE_HEADER, _INTERFACE_UNKNOWN, _INTERFACES, _PACKET_LENGTH, _TOO_LARGE = range(
    7
)

_SECTION_TYPE, _INTERFACE, _OBSOLETE_PACKET, _SIMPLE_PACKET, _ENHANCED_PACKET = 0x0A0D0D0A, 1, 2, 3, 6

# State of the file and columns of its interfaces.
_BIG_ENDIAN, _COUNT, _LAST_NS = 0, 1, 2
_LINK_TYPE, _SNAP, _MULTIPLY, _DIVIDE, _SHIFT, _OFFSET_NS = range(6)

_FOREVER_NS = 9_223_372_036_854_775_807
_S_NS = 1_000_000_000
_MAX_S = 9_000_000_000

Numbers = npt.NDArray[np.int64]


def check_header(head: bytes) -> None:
    """Refuse a first section header that is none, or of another version.

    Args:
        head: The start of the file, from its block type on; what it is too short to say is not refused.

    Raises:
        ValueError: If the byte-order magic is wrong, or the version is not 1.x.
    """
    if len(head) >= 12:
        order = ORDERS.get(head[8:12])
        if order is None:
            raise ValueError(f"byte-order magic {head[8:12].hex()}, so it is no pcapng file; capture it again")
        if len(head) >= 16:
            major, minor = struct.unpack(f"{order}HH", head[12:16])
            if major != 1:
                raise ValueError(
                    f"pcapng version {major}.{minor}; only 1.x exists. The file is damaged; capture it again"
                )


class Blocks:
    """The blocks of one pcapng file: its byte order and interfaces so far."""

    faults = FAULTS
    truncated = TRUNCATED

    def __init__(self) -> None:
        self._state = np.zeros(3, np.int64)
        self._interfaces = np.zeros((MAX_INTERFACES, 6), np.int64)

    def index(self, data: Bytes, at: int, stop: int, arrays: Index) -> tuple[int, int, int]:
        """Index the blocks in `data[at:stop]`; see `pcap_records.Records.index`."""
        offset, captured, length, ts_ns, link_type = arrays
        return _index(data, at, stop, self._state, self._interfaces, offset, captured, length, ts_ns, link_type)


@lean_kernel
def _u16(data: Bytes, at: int, big_endian: bool) -> int:  # noqa: FBT001  kernels take positional flags
    if big_endian:
        return u16(data, at)
    return little_u16(data, at)


@lean_kernel
def _read_interface(data: Bytes, at: int, stop: int, big_endian: bool, interface: Numbers) -> None:  # noqa: FBT001  as above
    """Read an interface description (4.2): link type, snap length, and the options that define its clock."""
    interface[_LINK_TYPE] = _u16(data, at + 8, big_endian)
    interface[_SNAP] = read_u32(data, at + 12, big_endian)
    interface[_MULTIPLY] = 1000  # microseconds, unless if_tsresol says otherwise
    interface[_DIVIDE] = 1
    interface[_SHIFT] = -1
    interface[_OFFSET_NS] = 0
    at += 16
    while at + 4 <= stop:
        code, size = _u16(data, at, big_endian), _u16(data, at + 2, big_endian)
        at += 4
        if code == 0 or at + size > stop:
            break
        if code == 9 and size == 1:
            _set_resolution(u8(data, at), interface)
        elif code == 14 and size == 8:
            first, second = read_u32(data, at, big_endian), read_u32(data, at + 4, big_endian)
            seconds = first << 32 | second if big_endian else second << 32 | first
            interface[_OFFSET_NS] = max(-_MAX_S, min(_MAX_S, seconds)) * _S_NS
        at += (size + 3) & ~3


@lean_kernel
def _set_resolution(value: int, interface: Numbers) -> None:
    """Set the clock from if_tsresol: a negative power of ten, or of two if the highest bit is set."""
    interface[_MULTIPLY] = 1
    interface[_DIVIDE] = 1
    interface[_SHIFT] = -1
    if value & 0x80:
        interface[_SHIFT] = value & 0x7F
        return
    for _ in range(value, 9):
        interface[_MULTIPLY] *= 10
    for _ in range(9, min(value, 27)):
        interface[_DIVIDE] *= 10
    if value > 27:  # ticks so fine that 63 bits of them are less than one nanosecond
        interface[_DIVIDE] = _FOREVER_NS


@lean_kernel
def _to_ns(high: int, low: int, interface: Numbers) -> int:
    """Turn a timestamp of this interface into ns since the epoch; what does not fit ends at the largest time."""
    if high >= 1 << 31:
        return _FOREVER_NS
    ticks = high << 32 | low
    shift = interface[_SHIFT]
    if shift < 0:
        if ticks > _FOREVER_NS // interface[_MULTIPLY]:
            return _FOREVER_NS
        ns = ticks * interface[_MULTIPLY] // interface[_DIVIDE]
    elif shift > 62:
        ns = 0
    else:
        seconds = ticks >> shift
        if seconds > _MAX_S:
            return _FOREVER_NS
        part = ticks & ((1 << shift) - 1)
        if shift > 32:
            part, shift = part >> (shift - 32), 32
        ns = seconds * _S_NS + (part * _S_NS >> shift)
    offset: int = interface[_OFFSET_NS]
    return ns + offset if ns <= _FOREVER_NS - max(offset, 0) else _FOREVER_NS


@lean_kernel
def _index(
    data: Bytes,
    at: int,
    stop: int,
    state: Numbers,
    interfaces: Numbers,
    offset: Numbers,
    captured: npt.NDArray[np.int32],
    length: Numbers,
    ts_ns: Numbers,
    link_type: npt.NDArray[np.int32],
) -> tuple[int, int, int]:
    count = 0
    while at + 12 <= stop:
        if count == len(offset):
            return count, at, FULL
        big = state[_BIG_ENDIAN] == 1
        kind = read_u32(data, at, big)
        if kind == _SECTION_TYPE:  # reads the same in both byte orders (4.1)
            big = data[at + 8] == 0x1A
            if read_u32(data, at + 8, big) != 0x1A2B3C4D:
                return count, at, _SECTION_HEADER
        total = read_u32(data, at + 4, big)
        if total < 12 or total > MAX_BLOCK or total % 4:
            return count, at, _BLOCK_LENGTH
        if at + total > stop:
            break
        after = at + total
        if read_u32(data, after - 4, big) != total:
            return count, at, _BLOCK_LENGTH
        if kind == _SECTION_TYPE:
            if total < 28 or _u16(data, at + 12, big) != 1:
                return count, at, _SECTION_HEADER
            state[_BIG_ENDIAN] = 1 if big else 0
            state[_COUNT] = 0
        elif kind == _INTERFACE:
            if total < 20:
                return count, at, _INTERFACE_HEADER
            if state[_COUNT] == MAX_INTERFACES:
                return count, at, _INTERFACES
            _read_interface(data, at, after - 4, big, interfaces[state[_COUNT]])
            state[_COUNT] += 1
        elif kind in (_ENHANCED_PACKET, _OBSOLETE_PACKET, _SIMPLE_PACKET):
            simple = kind == _SIMPLE_PACKET
            head = 12 if simple else 28
            if total < head + 4:
                return count, at, _PACKET_LENGTH
            number = 0
            if kind == _ENHANCED_PACKET:
                number = read_u32(data, at + 8, big)
            elif kind == _OBSOLETE_PACKET:
                number = _u16(data, at + 8, big)
            if number >= state[_COUNT]:
                return count, at, _INTERFACE_UNKNOWN
            interface = interfaces[number]
            if simple:  # 4.4: cut at the snap length, and no time: we take that of the frame before
                wire = read_u32(data, at + 8, big)
                here = min(wire, total - 16)
                if interface[_SNAP]:
                    here = min(here, interface[_SNAP])
            else:
                here, wire = read_u32(data, at + 20, big), read_u32(data, at + 24, big)
                state[_LAST_NS] = _to_ns(read_u32(data, at + 12, big), read_u32(data, at + 16, big), interface)
            if here > MAX_FRAME:
                return count, at, _TOO_LARGE
            if here > total - head - 4:
                return count, at, _PACKET_LENGTH
            offset[count] = at + head
            captured[count] = here
            length[count] = wire
            ts_ns[count] = state[_LAST_NS]
            link_type[count] = interface[_LINK_TYPE]
            count += 1
        at = after
    return count, at, MORE
