"""Read an IPv4 or IPv6 header, with options and extension headers, into a PACKET record.

In: where the header starts. Out: where the transport header starts, or which anomaly the packet is.
The one idea: three ends are kept apart, so that padding never counts as payload and a snap length never as damage:
`stop` by the header's own length, `end` of the captured bytes, `wire` end of the frame as it was on the wire.
A length of zero (segmentation offload) is taken from the frame, but stays zero in the record: Zeek counts none.
Source: RFC 791, RFC 8200, RFC 4302 (AH), RFC 6275 (home address), RFC 1071 (checksum); Zeek for what is dropped.
"""

import numpy as np

from redshank.capture.link import Record
from redshank.capture.packet import ANOMALIES, Counts
from redshank.capture.words import Bytes, u8, u16, u32, u64
from redshank.core.kernel import lean_kernel

MAX_EXTENSIONS = 16
"""IPv6 extension headers in one packet; hosts may drop what has more than eight (RFC 9673)."""

HOP_BY_HOP, ROUTING, FRAGMENT_HEADER, AUTHENTICATION, DESTINATION = 0, 43, 44, 51, 60
EXTENSIONS = (HOP_BY_HOP, ROUTING, FRAGMENT_HEADER, AUTHENTICATION, DESTINATION)
ESP, NO_NEXT_HEADER, MOBILITY = 50, 59, 135

_MAX_OPTIONS = 32

_OFFLOADED = 1500
"""An IPv6 payload length of zero is believed to be left to the network card above this many bytes."""

FRAGMENT = ANOMALIES.index("fragment")
IP_LENGTH_ZERO = ANOMALIES.index("ip_length_zero")
IP_LONGER_THAN_FRAME = ANOMALIES.index("ip_longer_than_frame")
IPV4_TRUNCATED = ANOMALIES.index("ipv4_truncated")
IPV4_HEADER_LENGTH = ANOMALIES.index("ipv4_header_length")
IPV4_CHECKSUM = ANOMALIES.index("ipv4_checksum")
IPV6_TRUNCATED = ANOMALIES.index("ipv6_truncated")
IPV6_EXTENSIONS = ANOMALIES.index("ipv6_extensions")
FRAGMENT_CUT = ANOMALIES.index("fragment_cut")
IPV6_ENCRYPTED = ANOMALIES.index("ipv6_encrypted")
IPV6_MOBILITY = ANOMALIES.index("ipv6_mobility")
IPV6_NO_NEXT_HEADER = ANOMALIES.index("ipv6_no_next_header")


@lean_kernel
def add_words(data: Bytes, at: int, stop: int, total: int) -> int:
    """Add the 16-bit words of `data[at:stop]` to `total`; an odd last byte counts as the high one.

    Most are added two at a time, which is the same once the sum is folded.
    """
    place, pairs = np.uint64(at), max(stop - at, 0) >> 2
    for _ in range(pairs):
        high = np.int64(data[place]) << 24 | np.int64(data[place + np.uint64(1)]) << 16
        total += int(high | np.int64(data[place + np.uint64(2)]) << 8 | np.int64(data[place + np.uint64(3)]))
        place += np.uint64(4)
    at += 4 * pairs
    while at + 1 < stop:
        total += u16(data, at)
        at += 2
    if at < stop:
        total += u8(data, at) << 8
    return total


@lean_kernel
def sums_to_ones(total: int) -> bool:
    """Say whether a sum that includes its checksum field is right."""
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total == 0xFFFF


@lean_kernel
def ipv4(
    data: Bytes,
    at: int,
    end: int,
    wire: int,
    packet: Record,
    counts: Counts,
    checksums: bool,  # noqa: FBT001  kernels take positional flags
) -> tuple[int, int, bool]:
    """Read an IPv4 header.

    Args:
        data: The bytes that hold the packet.
        at: Where the header starts.
        end: Where the captured bytes end.
        wire: Where the frame (or the packet around) ended on the wire, at least `end`.
        packet: The PACKET record to fill.
        counts: By index into ANOMALIES.
        checksums: Verify the header's checksum; a packet that fails is dropped, and one without a length.

    Returns:
        Where the transport header starts, or -1 minus the index into ANOMALIES; where the packet ends; and whether the
        transport's checksum can be verified.
    """
    if at + 20 > end:
        return -1 - IPV4_TRUNCATED, 0, False
    header = (u8(data, at) & 0x0F) * 4
    length = u16(data, at + 2)
    stop = at + length
    if length == 0:
        if checksums:
            return -1 - IP_LENGTH_ZERO, 0, False
        counts[IP_LENGTH_ZERO] += 1
        stop = wire
    if header < 20 or at + header > stop:
        return -1 - IPV4_HEADER_LENGTH, 0, False
    if stop > wire:
        return -1 - IP_LONGER_THAN_FRAME, 0, False
    if at + header > end:
        return -1 - IPV4_TRUNCATED, 0, False
    if checksums and not sums_to_ones(add_words(data, at, at + header, 0)):
        return -1 - IPV4_CHECKSUM, 0, False
    packet["src_lo"] = u32(data, at + 12)
    packet["dst_lo"] = u32(data, at + 16)
    packet["ip_length"] = length
    packet["version"] = 4
    packet["proto"] = u8(data, at + 9)
    fragment = u16(data, at + 6)
    if fragment & 0x3FFF:
        if stop <= end:
            return -1 - FRAGMENT, stop, False
        if fragment & 0x1FFF:
            return -1 - FRAGMENT_CUT, stop, False
        counts[FRAGMENT_CUT] += 1
        return at + header, stop, False
    return at + header, stop, length > 0


@lean_kernel
def ipv6(data: Bytes, at: int, end: int, wire: int, packet: Record, counts: Counts) -> tuple[int, int, bool]:
    """Read an IPv6 header and its chain of extension headers; see `ipv4`.

    The destination is the last of a routing header that still has segments left, the source a mobile node's home: what
    the ends of the flow, and the transport's checksum, know.

    Args:
        data: The bytes that hold the packet.
        at: Where the header starts.
        end: Where the captured bytes end.
        wire: Where the frame (or the packet around) ended on the wire, at least `end`.
        packet: The PACKET record to fill.
        counts: By index into ANOMALIES.
    """
    if at + 40 > end:
        return -1 - IPV6_TRUNCATED, 0, False
    length = 40 + u16(data, at + 4)
    stop = at + length
    if length == 40 and wire - at - 40 > _OFFLOADED:
        counts[IP_LENGTH_ZERO] += 1
        stop = wire
    if stop > wire:
        return -1 - IP_LONGER_THAN_FRAME, 0, False
    packet["ip_length"] = length
    packet["version"] = 6
    _source(data, at + 8, packet)
    _destination(data, at + 24, packet)
    verifiable = stop == at + length
    routed = False
    upper = u8(data, at + 6)
    place = at + 40
    for _ in range(MAX_EXTENSIONS + 1):
        if upper == NO_NEXT_HEADER:
            return -1 - IPV6_NO_NEXT_HEADER, stop, False
        if upper == ESP:
            return -1 - IPV6_ENCRYPTED, stop, False
        if upper == MOBILITY:
            return -1 - IPV6_MOBILITY, stop, False
        if upper not in EXTENSIONS:
            packet["proto"] = upper
            return place, stop, verifiable
        if place + 8 > min(stop, end):
            break
        size = extension_length(data, place, upper)
        if place + size > stop:
            break
        if upper == FRAGMENT_HEADER:
            fragment = u16(data, place + 2) & 0xFFF9
            if fragment and stop <= end:
                return -1 - FRAGMENT, stop, False
            if fragment & 0xFFF8:
                return -1 - FRAGMENT_CUT, stop, False
            if fragment:
                counts[FRAGMENT_CUT] += 1
                verifiable = False
            elif stop <= end:  # no fragment at all (RFC 6946), and counted as if the header was not there
                packet["ip_length"] -= 8
        elif upper == ROUTING and u8(data, place + 3) and not routed:
            kind = u8(data, place + 2)
            known = (kind == 0 and size >= 24 and size % 16 == 8) or (kind == 2 and size == 24)
            if known and place + size <= end:
                _destination(data, place + size - 16, packet)
                routed = True
            else:
                verifiable = False
        elif upper == DESTINATION:
            home = _home_address(data, place + 2, min(place + size, end))
            if home >= 0:
                _source(data, home, packet)
        upper = u8(data, place)
        place += size
    return -1 - IPV6_EXTENSIONS, stop, False


@lean_kernel
def extension_length(data: Bytes, at: int, kind: int) -> int:
    """Return the bytes of the IPv6 extension header of `kind` at `at`; two of them must be there."""
    if kind == FRAGMENT_HEADER:
        return 8
    if kind == AUTHENTICATION:
        return (u8(data, at + 1) + 2) * 4
    return (u8(data, at + 1) + 1) * 8


@lean_kernel
def _source(data: Bytes, at: int, packet: Record) -> None:
    packet["src_hi"] = u64(data, at)
    packet["src_lo"] = u64(data, at + 8)


@lean_kernel
def _destination(data: Bytes, at: int, packet: Record) -> None:
    packet["dst_hi"] = u64(data, at)
    packet["dst_lo"] = u64(data, at + 8)


@lean_kernel
def _home_address(data: Bytes, at: int, end: int) -> int:
    """Find the home address among destination options (RFC 6275, section 6.3); -1 if there is none."""
    for _ in range(_MAX_OPTIONS):
        if at + 2 > end:
            return -1
        if u8(data, at) == 0:  # one byte of padding
            at += 1
            continue
        size = u8(data, at + 1)
        if u8(data, at) == 201 and size == 16:
            return at + 2 if at + 18 <= end else -1
        at += 2 + size
    return -1
