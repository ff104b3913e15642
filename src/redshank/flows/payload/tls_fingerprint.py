"""What JA3 and JA4 hash: the lists of a ClientHello, written out.

In: a whole ClientHello. Out: texts in a flow's room; ja.py makes fingerprints of them. Lists of more than LONGEST
cipher suites or _MAX_OTHERS of anything else are nobody's and have no fingerprint: 4,400 bytes is the most they take.
Source: JA3 (Salesforce, 2017); JA4 (FoxIO, technical details); RFC 8701 for GREASE, which neither counts.
"""

import numpy as np
import numpy.typing as npt

from redshank.capture.words import u8, u16
from redshank.core.kernel import lean_kernel

JA3, JA4 = 2, 3
"""The texts: what JA3 hashes, and JA4's head and two lists, parted by blanks."""

LONGEST = 256
_MAX_OTHERS = 64
_HEAD = 10
_SNI, _PROTOCOLS = 0, 16
_KINDS = (_SNI, 10, 11, 13, _PROTOCOLS, 35, 41, 43)
_SLOTS = np.array([_KINDS.index(kind) if kind in _KINDS else -1 for kind in range(64)])

NAME_OF, GROUPS, FORMATS, SIGNATURES, PROTOCOLS, TICKET, KEYS, VERSIONS = range(len(_KINDS))
WHERE = 2 * len(_KINDS)
"""The extensions that we know, and how many numbers tell where they are."""


@lean_kernel
def extensions(data: npt.NDArray[np.uint8], listed: int, tail: int, places: npt.NDArray[np.int64]) -> int:
    """Note where the contents of the extensions that we know start, and their sizes.

    Args:
        data: Bytes.
        listed: Where extensions start.
        tail: Where they end.
        places: WHERE numbers: places[2 * k] and places[2 * k + 1] are set for the k-th of NAME_OF to VERSIONS, to 0 and
            -1 if it is not there; of two of a kind the first counts.

    Returns:
        How many extensions there are without GREASE, or -1 if they do not fill [listed, tail).
    """
    for k in range(0, WHERE, 2):
        places[k], places[k + 1] = 0, -1
    count = 0
    while listed + 4 <= tail:
        kind, size = u16(data, listed), u16(data, listed + 2)
        if listed + 4 + size > tail:
            return -1
        slot = 2 * _SLOTS[kind] if kind < len(_SLOTS) else -1
        if slot >= 0 and places[slot + 1] < 0:
            places[slot], places[slot + 1] = listed + 4, size
        count += not _grease(kind)
        listed += 4 + size
    return count if listed == tail else -1


@lean_kernel
def _grease(value: int) -> bool:
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 255


@lean_kernel
def _put_decimal(value: int, row: npt.NDArray[np.uint8], place: int) -> int:
    left, one, ten = np.uint64(value), np.uint64(1), np.uint64(10)
    size = 1 + (value > 9) + (value > 99) + (value > 999) + (value > 9999)
    spot = np.uint64(place + size)
    for _ in range(size):
        spot -= one
        row[spot] = np.uint64(48) + left % ten
        left //= ten
    return place + size


@lean_kernel
def _put_hex(value: int, row: npt.NDArray[np.uint8], place: int, size: int) -> int:
    spot = np.uint64(place)
    for k in range(size):
        digit = value >> 4 * (size - 1 - k) & 15
        row[spot + np.uint64(k)] = digit + (48 if digit < 10 else 87)
    return place + size


@lean_kernel
def _put_decimals(
    data: npt.NDArray[np.uint8], at: int, end: int, size: int, row: npt.NDArray[np.uint8], place: int
) -> int:
    """Write numbers of `size` bytes, joined by dashes, GREASE left out."""
    start = place
    while at + size <= end:
        value = u16(data, at) if size == 2 else u8(data, at)
        at += size
        if size == 2 and _grease(value):
            continue
        if place > start:
            row[place] = 45
            place += 1
        place = _put_decimal(value, row, place)
    return place


@lean_kernel
def _put_sorted(codes: npt.NDArray[np.int64], count: int, row: npt.NDArray[np.uint8], place: int) -> int:
    """Write numbers in hexadecimal, in order, joined by commas."""
    for k in range(1, count):
        value, at = codes[k], k
        while at > 0 and codes[at - 1] > value:
            codes[at] = codes[at - 1]
            at -= 1
        codes[at] = value
    for k in range(count):
        if k > 0:
            row[place] = 44
            place += 1
        place = _put_hex(codes[k], row, place, 4)
    return place


@lean_kernel
def _put_letters(data: npt.NDArray[np.uint8], at: int, end: int, row: npt.NDArray[np.uint8], place: int) -> None:
    """Write the first and last letter of the first protocol, of its hexadecimal form if one is no letter."""
    row[place], row[place + 1] = 48, 48
    if end > at:
        for k, spot in enumerate((at, end - 1)):
            letter = data[spot]
            if not (48 <= letter <= 57 or 65 <= letter <= 90 or 97 <= letter <= 122):
                _put_hex(data[at] >> 4, row, place, 1)
                _put_hex(data[end - 1] & 15, row, place + 1, 1)
                break
            row[place + k] = letter


@lean_kernel
def _version_letters(version: int) -> int:
    """Return the two letters for a version, the first in the high byte."""
    if 0x0301 <= version <= 0x0304:
        return 0x3100 | 0x2F + (version & 15)  # 10, 11, 12, 13
    if version in (0x0300, 0x0002):
        return 0x7333 if version == 0x0300 else 0x7332  # s3, s2
    if 0xFEFC <= version <= 0xFEFF and version != 0xFEFE:
        return 0x6400 | (0x31 if version == 0xFEFF else 0x32 if version == 0xFEFD else 0x33)  # d1, d2, d3
    return 0x3030


@lean_kernel
def _highest(data: npt.NDArray[np.uint8], at: int, end: int, version: int) -> int:
    """Return the highest version of supported_versions; DTLS counts downward."""
    highest, best = version, -1
    for place in range(at + 1, end - 1, 2):
        offered = u16(data, place)
        rank = 0x10000 - offered if offered >> 8 == 0xFE else offered
        if not _grease(offered) and rank > best:
            highest, best = offered, rank
    return highest


@lean_kernel
def sized(suites: int, others: int, places: npt.NDArray[np.int64]) -> bool:
    """Tell whether all lists are whole, and of a length to write down.

    Args:
        suites: Bytes of the list of cipher suites.
        others: What `extensions` returned.
        places: What it noted.
    """
    if suites > 2 * LONGEST or not 0 <= others <= _MAX_OTHERS:
        return False
    most = 2 * _MAX_OTHERS + 2
    few = places[2 * GROUPS + 1] <= most and places[2 * SIGNATURES + 1] <= most
    return bool(few and places[2 * FORMATS + 1] <= _MAX_OTHERS + 1)


@lean_kernel
def put_ja3(
    data: npt.NDArray[np.uint8],
    version: int,
    first: int,
    last: int,
    listed: int,
    tail: int,
    places: npt.NDArray[np.int64],
    row: npt.NDArray[np.uint8],
    spans: npt.NDArray[np.int64],
    place: int,
) -> int:
    """Write version, cipher suites, extensions, groups and point formats in decimal; return where it ends.

    Args:
        data: Bytes.
        version: That of the hello.
        first: Where cipher suites start.
        last: Where they end.
        listed: Where extensions start.
        tail: Where they end; all is `sized`.
        places: What `extensions` noted.
        row: The flow's room.
        spans: Its texts.
        place: Where in the room.
    """
    start, place = place, _put_decimal(version, row, place)
    row[place] = 44
    place = _put_decimals(data, first, last, 2, row, place + 1)
    row[place] = 44
    place += 1
    begun, spot = place, listed
    while spot + 4 <= tail:
        kind = u16(data, spot)
        if not _grease(kind):
            if place > begun:
                row[place] = 45
                place += 1
            place = _put_decimal(kind, row, place)
        spot += 4 + u16(data, spot + 2)
    row[place] = 44
    place += 1
    spot = places[2 * GROUPS]
    place = _put_decimals(data, spot + 2, spot + places[2 * GROUPS + 1], 2, row, place)
    row[place] = 44
    place += 1
    spot = places[2 * FORMATS]
    place = _put_decimals(data, spot + 1, spot + places[2 * FORMATS + 1], 1, row, place)
    spans[2 * JA3], spans[2 * JA3 + 1] = start, place
    return place


@lean_kernel
def put_ja4(
    data: npt.NDArray[np.uint8],
    version: int,
    first: int,
    last: int,
    listed: int,
    tail: int,
    others: int,
    places: npt.NDArray[np.int64],
    letter: int,
    row: npt.NDArray[np.uint8],
    spans: npt.NDArray[np.int64],
    place: int,
    codes: npt.NDArray[np.int64],
) -> int:
    """Write the head, the sorted cipher suites, and the sorted extensions with the signature algorithms as they come.

    Args:
        data: Bytes.
        version: That of the hello.
        first: Where cipher suites start.
        last: Where they end.
        listed: Where extensions start.
        tail: Where they end; all is `sized`.
        others: How many extensions there are, as `extensions` returned it.
        places: What it noted.
        letter: That of the transport.
        row: The flow's room.
        spans: Its texts.
        place: Where in the room.
        codes: LONGEST numbers to work with.
    """
    head, count = place, 0
    for at in range(first, last - 1, 2):
        if not _grease(u16(data, at)):
            codes[count] = u16(data, at)
            count += 1
    row[head + _HEAD] = 32
    place = _put_sorted(codes, count, row, head + _HEAD + 1)
    row[place] = 32
    _put_head(data, version, count, others, places, letter, row, head)
    count, spot = 0, listed
    while spot + 4 <= tail:
        kind = u16(data, spot)
        if not _grease(kind) and kind not in (_SNI, _PROTOCOLS):
            codes[count] = kind
            count += 1
        spot += 4 + u16(data, spot + 2)
    place = _put_sorted(codes, count, row, place + 1)
    spot, begun = places[2 * SIGNATURES], place
    for at in range(spot + 2, spot + places[2 * SIGNATURES + 1] - 1, 2):
        if not _grease(u16(data, at)):
            row[place] = 95 if place == begun else 44
            place = _put_hex(u16(data, at), row, place + 1, 4)
    spans[2 * JA4], spans[2 * JA4 + 1] = head, place
    return place


@lean_kernel
def _put_head(
    data: npt.NDArray[np.uint8],
    version: int,
    suites: int,
    others: int,
    places: npt.NDArray[np.int64],
    letter: int,
    row: npt.NDArray[np.uint8],
    place: int,
) -> None:
    """Write the head: transport, version, whether a name is asked for, how many suites and extensions, a protocol."""
    spot, size = places[2 * VERSIONS], places[2 * VERSIONS + 1]
    if size > 0:
        version = _highest(data, spot, spot + size, version)
    pair = _version_letters(version)
    row[place], row[place + 1], row[place + 2] = letter, pair >> 8, pair & 255
    row[place + 3] = 100 if places[2 * NAME_OF + 1] >= 0 else 105
    for k, amount in enumerate((min(suites, 99), min(others, 99))):
        row[place + 4 + 2 * k], row[place + 5 + 2 * k] = 48 + amount // 10, 48 + amount % 10
    spot, size = places[2 * PROTOCOLS], places[2 * PROTOCOLS + 1]
    end = min(spot + 3 + u8(data, spot + 2), spot + size) if size >= 4 else 0
    _put_letters(data, spot + 3, end, row, place + 8)
