"""What JA3 and JA4 hash: the lists of a ClientHello, written out.

In: a whole ClientHello. Out: texts in a flow's room; ja.py makes fingerprints of them. Lists of more than LONGEST
cipher suites or _MAX_OTHERS of anything else are nobody's and have no fingerprint: 4,400 bytes is the most they take.
Source: JA3 (Salesforce, 2017); JA4 (FoxIO, technical details); RFC 8701 for GREASE, which neither counts.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number

JA3, JA4 = 2, 3
"""The texts: what JA3 hashes, and JA4's head and two lists, parted by blanks."""

LONGEST = 256
_MAX_OTHERS = 64
_HEAD = 10
_SNI, _GROUPS, _FORMATS, _SIGNATURES, _PROTOCOLS, _VERSIONS = 0, 10, 11, 13, 16, 43


@lean_kernel
def extension(data: npt.NDArray[np.uint8], listed: int, tail: int, kind: int) -> tuple[int, int]:
    """Return where the content of an extension starts and its size; (0, -1) if it is not there."""
    while listed + 4 <= tail:
        size = number(data, listed + 2, 2)
        if listed + 4 + size > tail:
            break
        if number(data, listed, 2) == kind:
            return listed + 4, size
        listed += 4 + size
    return 0, -1


@lean_kernel
def _count(data: npt.NDArray[np.uint8], listed: int, tail: int) -> int:
    """Return how many extensions there are without GREASE, or -1 if they do not fill [listed, tail)."""
    count = 0
    while listed + 4 <= tail:
        count += not _grease(number(data, listed, 2))
        listed += 4 + number(data, listed + 2, 2)
    return count if listed == tail else -1


@lean_kernel
def _grease(value: int) -> bool:
    return value & 0x0F0F == 0x0A0A and value >> 8 == value & 255


@lean_kernel
def _put_decimal(value: int, row: npt.NDArray[np.uint8], place: int) -> int:
    size = 1 + (value > 9) + (value > 99) + (value > 999) + (value > 9999)
    for k in range(size):
        row[place + size - 1 - k] = 48 + value % 10
        value //= 10
    return place + size


@lean_kernel
def _put_hex(value: int, row: npt.NDArray[np.uint8], place: int, size: int) -> int:
    for k in range(size):
        digit = value >> 4 * (size - 1 - k) & 15
        row[place + k] = digit + (48 if digit < 10 else 87)
    return place + size


@lean_kernel
def _put_decimals(
    data: npt.NDArray[np.uint8], at: int, end: int, size: int, row: npt.NDArray[np.uint8], place: int
) -> int:
    """Write numbers of `size` bytes, joined by dashes, GREASE left out."""
    start = place
    while at + size <= end:
        value = number(data, at, size)
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
        offered = number(data, place, 2)
        rank = 0x10000 - offered if offered >> 8 == 0xFE else offered
        if not _grease(offered) and rank > best:
            highest, best = offered, rank
    return highest


@lean_kernel
def _sized(data: npt.NDArray[np.uint8], first: int, last: int, listed: int, tail: int) -> bool:
    """Tell whether all lists are whole, and of a length to write down."""
    if last - first > 2 * LONGEST or not 0 <= _count(data, listed, tail) <= _MAX_OTHERS:
        return False
    most = 2 * _MAX_OTHERS + 2
    groups, signatures = extension(data, listed, tail, _GROUPS)[1], extension(data, listed, tail, _SIGNATURES)[1]
    return groups <= most and signatures <= most and extension(data, listed, tail, _FORMATS)[1] <= _MAX_OTHERS + 1


@lean_kernel
def put_ja3(
    data: npt.NDArray[np.uint8],
    version: int,
    first: int,
    last: int,
    listed: int,
    tail: int,
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
        tail: Where they end.
        row: The flow's room.
        spans: Its texts.
        place: Where in the room.
    """
    if not _sized(data, first, last, listed, tail):
        return place
    start, place = place, _put_decimal(version, row, place)
    row[place] = 44
    place = _put_decimals(data, first, last, 2, row, place + 1)
    row[place] = 44
    place += 1
    begun, spot = place, listed
    while spot + 4 <= tail:
        if not _grease(number(data, spot, 2)):
            if place > begun:
                row[place] = 45
                place += 1
            place = _put_decimal(number(data, spot, 2), row, place)
        spot += 4 + number(data, spot + 2, 2)
    row[place] = 44
    place += 1
    spot, size = extension(data, listed, tail, _GROUPS)
    place = _put_decimals(data, spot + 2, spot + size, 2, row, place)
    row[place] = 44
    place += 1
    spot, size = extension(data, listed, tail, _FORMATS)
    place = _put_decimals(data, spot + 1, spot + size, 1, row, place)
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
    protocol: int,
    protocol_end: int,
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
        tail: Where they end.
        protocol: Where the first protocol offered starts.
        protocol_end: Where it ends.
        letter: That of the transport.
        row: The flow's room.
        spans: Its texts.
        place: Where in the room.
        codes: LONGEST numbers to work with.
    """
    if not _sized(data, first, last, listed, tail):
        return place
    head, count = place, 0
    for at in range(first, last - 1, 2):
        if not _grease(number(data, at, 2)):
            codes[count] = number(data, at, 2)
            count += 1
    row[head + _HEAD] = 32
    place = _put_sorted(codes, count, row, head + _HEAD + 1)
    row[place] = 32
    _put_head(data, version, count, listed, tail, protocol, protocol_end, letter, row, head)
    count, spot = 0, listed
    while spot + 4 <= tail:
        kind = number(data, spot, 2)
        if not _grease(kind) and kind not in (_SNI, _PROTOCOLS):
            codes[count] = kind
            count += 1
        spot += 4 + number(data, spot + 2, 2)
    place = _put_sorted(codes, count, row, place + 1)
    spot, size = extension(data, listed, tail, _SIGNATURES)
    begun = place
    for at in range(spot + 2, spot + size - 1, 2):
        if not _grease(number(data, at, 2)):
            row[place] = 95 if place == begun else 44
            place = _put_hex(number(data, at, 2), row, place + 1, 4)
    spans[2 * JA4], spans[2 * JA4 + 1] = head, place
    return place


@lean_kernel
def _put_head(
    data: npt.NDArray[np.uint8],
    version: int,
    ciphers: int,
    listed: int,
    tail: int,
    protocol: int,
    protocol_end: int,
    letter: int,
    row: npt.NDArray[np.uint8],
    place: int,
) -> None:
    """Write the head: transport, version, whether a name is asked for, how many suites and extensions, a protocol."""
    spot, size = extension(data, listed, tail, _VERSIONS)
    if size > 0:
        version = _highest(data, spot, spot + size, version)
    pair = _version_letters(version)
    row[place], row[place + 1], row[place + 2] = letter, pair >> 8, pair & 255
    row[place + 3] = 100 if extension(data, listed, tail, _SNI)[1] >= 0 else 105
    for k, amount in enumerate((min(ciphers, 99), min(_count(data, listed, tail), 99))):
        row[place + 4 + 2 * k], row[place + 5 + 2 * k] = 48 + amount // 10, 48 + amount % 10
    _put_letters(data, protocol, protocol_end, row, place + 8)
