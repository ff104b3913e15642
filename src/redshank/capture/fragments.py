"""Put the fragments of IP datagrams together, in memory that never grows.

In: fragments, one by one. Out: the whole datagram behind its header, once the last part came.
The one idea: a datagram has a row of numbers, room for its bytes and one bit for each eight bytes that are there. The
first bytes to come stay: an overlap changes nothing, and what contradicts the known end is dropped; both are counted.
At most DATAGRAMS are open; the oldest goes when a new one needs its place, and any after TIMEOUT_NS of packet time.
Source: RFC 791, RFC 815, RFC 8200 section 4.5. The header is that of the fragment that came first, as in Zeek. We
differ from Zeek, which waits forever, and stretches a datagram when fragments disagree about its end.
"""

import numpy as np
import numpy.typing as npt

from redshank.capture.internet import FRAGMENT_HEADER, MAX_EXTENSIONS, extension_length
from redshank.capture.link import Record
from redshank.capture.packet import ANOMALIES, Counts
from redshank.capture.words import Bytes, u8, u16, u32
from redshank.core.kernel import lean_kernel

DATAGRAMS = 256
"""Datagrams that wait for fragments at the same time."""
TIMEOUT_NS = 30_000_000_000
"""A datagram whose first fragment is older (packet time, either way) is given up."""
MAX_DATAGRAM = 65_535
_MAX_HEADER = 256
_ROOM = _MAX_HEADER + MAX_DATAGRAM + 1
JOINED_BYTES = _MAX_HEADER + MAX_DATAGRAM
"""The most that a datagram takes once it is whole."""

Numbers = npt.NDArray[np.int64]
Seen = npt.NDArray[np.uint64]

# Rows of the numbers of all datagrams; TAG is 0 where nothing is open.
TAG, BEGAN, SRC_HI, SRC_LO, DST_HI, DST_LO, IDENT, TOTAL, HIGHEST, UNITS, HEADER, NEXT_AT, NEXT = range(13)

LENGTH = ANOMALIES.index("fragment_length")
TOO_LARGE = ANOMALIES.index("fragment_too_large")
OVERLAP = ANOMALIES.index("fragment_overlap")
INCONSISTENT = ANOMALIES.index("fragment_inconsistent")
INCOMPLETE = ANOMALIES.index("fragment_incomplete")
EVICTED = ANOMALIES.index("fragment_evicted")

Table = tuple[Numbers, Bytes, Seen]
"""Numbers [13, DATAGRAMS]; room for the headers and payloads of all; bits of what is there [DATAGRAMS, _]."""


def empty_table() -> Table:
    """Return an empty table; the system gives its 17 MB page by page, as datagrams come.

    Example:
        >>> [array.nbytes for array in empty_table()]
        [26624, 16842752, 262144]
    """
    return (
        np.zeros((13, DATAGRAMS), np.int64),
        np.zeros(DATAGRAMS * _ROOM, np.uint8),
        np.zeros((DATAGRAMS, (MAX_DATAGRAM + 1) // 512), np.uint64),
    )


@lean_kernel
def join(
    data: Bytes,
    at: int,
    stop: int,
    ts_ns: int,
    packet: Record,
    table: Table,
    fill: int,
    counts: Counts,
) -> int:
    """Take a fragment; if its datagram is whole now, write it to `data[fill:]`.

    Args:
        data: The bytes that hold the fragment; at least JOINED_BYTES are free from `fill` on.
        at: Where the fragment's IP header starts.
        stop: Where the fragment ends; all of it was captured, and its header is sound.
        ts_ns: Its time.
        packet: A record with its version and addresses.
        table: Of `empty_table`.
        fill: Where the whole datagram may be written.
        counts: By index into ANOMALIES.

    Returns:
        Bytes of the whole datagram; 0 if parts are missing or the fragment was dropped.
    """
    numbers = table[0]
    next_at = -1
    upper = 0
    if packet["version"] == 4:
        ident = u16(data, at + 4)
        start = header = (u8(data, at) & 0x0F) * 4
        offset = (u16(data, at + 6) & 0x1FFF) * 8
        last = u16(data, at + 6) & 0x2000 == 0
        whole = header
    else:
        next_at, header = 6, 40
        upper = u8(data, at + 6)
        for _ in range(MAX_EXTENSIONS):
            if upper == FRAGMENT_HEADER:
                break
            next_at = header
            upper, header = u8(data, at + header), header + extension_length(data, at + header, upper)
        start = header + 8
        upper = u8(data, at + header)
        ident = u32(data, at + header + 4) | 1 << 40
        offset = u16(data, at + header + 2) & 0xFFF8
        last = u16(data, at + header + 2) & 1 == 0
        whole = header - 40
    size = stop - at - start
    end = offset + size
    if size <= 0 or (not last and size % 8):
        counts[LENGTH] += 1
        return 0
    if whole + end > MAX_DATAGRAM or header > _MAX_HEADER:
        counts[TOO_LARGE] += 1
        return 0
    slot = _slot(ts_ns, ident, packet, numbers, counts)
    if numbers[TOTAL, slot] == 0:
        _open(data, at, header, next_at, upper, slot, table)
    if offset == 0:
        numbers[NEXT, slot] = upper
    total = numbers[TOTAL, slot]
    if (total > 0 and (end > total or (last and end < total))) or (last and end < numbers[HIGHEST, slot]):
        counts[INCONSISTENT] += 1
        return 0
    if last:
        total = numbers[TOTAL, slot] = end
    numbers[HIGHEST, slot] = max(numbers[HIGHEST, slot], end)
    _put(data, at + start, offset, end, slot, table, counts)
    if total < 0 or numbers[UNITS, slot] < (total + 7) >> 3:
        return 0
    numbers[TAG, slot] = 0
    return _write(data, fill, total, slot, table)


@lean_kernel
def _slot(ts_ns: int, ident: int, packet: Record, numbers: Numbers, counts: Counts) -> int:
    """Find the datagram, or give it a place; TOTAL 0 says that it is new."""
    src_hi, src_lo = np.int64(packet["src_hi"]), np.int64(packet["src_lo"])
    dst_hi, dst_lo = np.int64(packet["dst_hi"]), np.int64(packet["dst_lo"])
    tag = (src_hi ^ src_lo ^ (dst_hi ^ dst_lo) << 16 ^ ident << 1) | 1
    for slot in range(DATAGRAMS):
        if (
            numbers[TAG, slot] == tag
            and numbers[IDENT, slot] == ident
            and numbers[SRC_HI, slot] == src_hi
            and numbers[SRC_LO, slot] == src_lo
            and numbers[DST_HI, slot] == dst_hi
            and numbers[DST_LO, slot] == dst_lo
            and abs(ts_ns - numbers[BEGAN, slot]) <= TIMEOUT_NS
        ):
            return slot
    free = -1
    oldest = 0
    for slot in range(DATAGRAMS):
        if numbers[TAG, slot] and abs(ts_ns - numbers[BEGAN, slot]) > TIMEOUT_NS:
            counts[INCOMPLETE] += 1
            numbers[TAG, slot] = 0
        if numbers[TAG, slot] == 0:
            free = slot
        if numbers[BEGAN, slot] < numbers[BEGAN, oldest]:
            oldest = slot
    if free < 0:
        counts[EVICTED] += 1
        free = oldest
    numbers[TAG, free], numbers[BEGAN, free], numbers[IDENT, free] = tag, ts_ns, ident
    numbers[SRC_HI, free], numbers[SRC_LO, free] = src_hi, src_lo
    numbers[DST_HI, free], numbers[DST_LO, free] = dst_hi, dst_lo
    numbers[TOTAL, free] = 0
    return free


@lean_kernel
def copy(source: Bytes, at: int, target: npt.NDArray[np.uint8], to: int, size: int) -> None:
    """Copy `size` bytes from `source[at:]` to `target[to:]`. Unsigned places let the compiler move many at once."""
    for place in range(size):
        target[np.uint64(to) + np.uint64(place)] = source[np.uint64(at) + np.uint64(place)]


@lean_kernel
def _open(data: Bytes, at: int, header: int, next_at: int, upper: int, slot: int, table: Table) -> None:
    numbers, room, seen = table
    numbers[TOTAL, slot] = -1
    numbers[HIGHEST, slot] = numbers[UNITS, slot] = 0
    numbers[HEADER, slot], numbers[NEXT_AT, slot], numbers[NEXT, slot] = header, next_at, upper
    copy(data, at, room, slot * _ROOM, header)
    for word in range(seen.shape[1]):
        seen[slot, word] = 0


@lean_kernel
def _put(data: Bytes, at: int, offset: int, end: int, slot: int, table: Table, counts: Counts) -> None:
    numbers, room, seen = table
    begin = slot * _ROOM + _MAX_HEADER
    first, last = offset >> 3, (end + 7) >> 3
    there = np.uint64(0)
    for word in range(first >> 6, (last + 63) >> 6):
        there |= seen[slot, word] & _units(word, first, last)
    if there == 0:
        copy(data, at, room, begin + offset, end - offset)
        for word in range(first >> 6, (last + 63) >> 6):
            seen[slot, word] |= _units(word, first, last)
        numbers[UNITS, slot] += last - first
        return
    differs = False
    for unit in range(first, last):
        bit = np.uint64(1) << np.uint64(unit & 63)
        low, high = unit << 3, min((unit + 1) << 3, end)
        if seen[slot, unit >> 6] & bit:
            for byte in range(low, high):
                differs |= room[begin + byte] != data[at + byte - offset]
        else:
            copy(data, at + low - offset, room, begin + low, high - low)
            seen[slot, unit >> 6] |= bit
            numbers[UNITS, slot] += 1
    counts[INCONSISTENT if differs else OVERLAP] += 1


@lean_kernel
def _units(word: int, first: int, last: int) -> np.uint64:
    """Return the bits of units first to last - 1 in a word of 64."""
    low, high = max(first - 64 * word, 0), min(last - 64 * word, 64)
    return ~np.uint64(0) >> np.uint64(64 - (high - low)) << np.uint64(low)


@lean_kernel
def _write(data: Bytes, fill: int, total: int, slot: int, table: Table) -> int:
    """Write header and payload of a whole datagram, as if it had never been in fragments; return its length."""
    numbers, room, _ = table
    header = int(numbers[HEADER, slot])
    copy(room, slot * _ROOM, data, fill, header)
    copy(room, slot * _ROOM + _MAX_HEADER, data, fill + header, total)
    if numbers[NEXT_AT, slot] < 0:
        length = header + total
        data[fill + 2], data[fill + 3] = length >> 8, length & 0xFF
        data[fill + 6] = data[fill + 7] = 0
    else:
        length = header - 40 + total
        data[fill + 4], data[fill + 5] = length >> 8, length & 0xFF
        data[fill + numbers[NEXT_AT, slot]] = numbers[NEXT, slot]
    return header + total
