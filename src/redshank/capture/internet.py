"""Read an IPv4 or IPv6 header, with options and extension headers, into a PACKET record.

In: where the header starts. Out: where the transport header starts, or which anomaly the packet is.
The one idea: three ends are kept apart, so that padding never counts as payload and a snap length never as damage:
`stop` by the header's own length, `end` of the captured bytes, `wire` end of the frame as it was on the wire.
Source: RFC 791, RFC 8200, RFC 4302 (AH), RFC 1071 (checksum).
"""

from redshank.capture.link import Bytes, Record, u8, u16, u32
from redshank.capture.packet import ANOMALIES, Counts
from redshank.core.kernel import lean_kernel

MAX_EXTENSIONS = 16
"""IPv6 extension headers in one packet; hosts may drop what has more than eight (RFC 9673)."""

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
IPV6_NO_NEXT_HEADER = ANOMALIES.index("ipv6_no_next_header")


@lean_kernel
def add_words(data: Bytes, at: int, stop: int, total: int) -> int:
    """Add the 16-bit words of `data[at:stop]` to `total`; an odd last byte counts as the high one."""
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
) -> tuple[int, bool]:
    """Read an IPv4 header.

    Args:
        data: The bytes that hold the packet.
        at: Where the header starts.
        end: Where the captured bytes end.
        wire: Where the frame (or the packet around) ended on the wire, at least `end`.
        packet: The PACKET record to fill.
        counts: By index into ANOMALIES.
        checksums: Verify the header's checksum.

    Returns:
        Where the transport header starts, or -1 minus the index into ANOMALIES; and whether the transport's checksum
        can be verified.
    """
    if at + 20 > end:
        return -1 - IPV4_TRUNCATED, False
    header = (u8(data, at) & 0x0F) * 4
    length = u16(data, at + 2)
    offloaded = length == 0
    if offloaded:
        counts[IP_LENGTH_ZERO] += 1
        length = wire - at
    if header < 20 or header > length:
        return -1 - IPV4_HEADER_LENGTH, False
    if at + length > wire:
        return -1 - IP_LONGER_THAN_FRAME, False
    if at + header > end:
        return -1 - IPV4_TRUNCATED, False
    if checksums and not offloaded and not sums_to_ones(add_words(data, at, at + header, 0)):
        counts[IPV4_CHECKSUM] += 1
        packet["bad_checksum"] = 1
    packet["src_hi"] = 0
    packet["dst_hi"] = 0
    packet["src_lo"] = u32(data, at + 12)
    packet["dst_lo"] = u32(data, at + 16)
    packet["ip_length"] = length
    packet["version"] = 4
    packet["proto"] = u8(data, at + 9)
    if u16(data, at + 6) & 0x3FFF:
        return -1 - FRAGMENT, False
    return at + header, not offloaded


@lean_kernel
def ipv6(data: Bytes, at: int, end: int, wire: int, packet: Record, counts: Counts) -> tuple[int, bool]:
    """Read an IPv6 header and its chain of extension headers; see `ipv4`.

    The later fragments end the chain: what follows is the middle of a payload. A routing header with segments left
    makes the transport's checksum unverifiable (it covers the last address).

    Args:
        data: The bytes that hold the packet.
        at: Where the header starts.
        end: Where the captured bytes end.
        wire: Where the frame (or the packet around) ended on the wire, at least `end`.
        packet: The PACKET record to fill.
        counts: By index into ANOMALIES.
    """
    if at + 40 > end:
        return -1 - IPV6_TRUNCATED, False
    length = 40 + u16(data, at + 4)
    verifiable = True
    if length == 40 and wire - at - 40 > _OFFLOADED:
        counts[IP_LENGTH_ZERO] += 1
        length = wire - at
        verifiable = False
    stop = at + length
    if stop > wire:
        return -1 - IP_LONGER_THAN_FRAME, False
    packet["src_hi"] = u32(data, at + 8) << 32 | u32(data, at + 12)
    packet["src_lo"] = u32(data, at + 16) << 32 | u32(data, at + 20)
    packet["dst_hi"] = u32(data, at + 24) << 32 | u32(data, at + 28)
    packet["dst_lo"] = u32(data, at + 32) << 32 | u32(data, at + 36)
    packet["ip_length"] = length
    packet["version"] = 6
    upper = u8(data, at + 6)
    place = at + 40
    for _ in range(MAX_EXTENSIONS + 1):
        if upper == 59:
            return -1 - IPV6_NO_NEXT_HEADER, False
        if upper not in (0, 43, 44, 51, 60):  # hop-by-hop, routing, fragment, AH, destination
            packet["proto"] = upper
            return place, verifiable
        if place + 8 > min(stop, end):
            break
        size = (u8(data, place + 1) + 1) * 8
        if upper == 44:
            size = 8
            if u16(data, place + 2) & 0xFFF9:
                return -1 - FRAGMENT, False
        elif upper == 51:
            size = (u8(data, place + 1) + 2) * 4
        elif upper == 43 and u8(data, place + 3):
            verifiable = False
        upper = u8(data, place)
        place += size
        if place > stop:
            break
    return -1 - IPV6_EXTENSIONS, False
