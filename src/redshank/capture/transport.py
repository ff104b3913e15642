"""Read a TCP, UDP or ICMP header.

In: where the transport header starts, in a record whose IP fields are set. Out: ports, flags and the place of the
payload.
The one idea: payload is counted by the lengths in the headers, never by the bytes that happen to follow.
Source: RFC 9293, 768, 792, 4443. As in Zeek, UDP's own length counts where it contradicts IP's, and a UDP checksum of
zero is wrong in IPv6 unless a VXLAN header follows (RFC 6935).
"""

import numpy as np

from redshank.capture.internet import add_words, sums_to_ones
from redshank.capture.link import Record
from redshank.capture.packet import ANOMALIES, Counts
from redshank.capture.words import Bytes, u8, u16, u32
from redshank.core.kernel import lean_kernel

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
VXLAN_PORT = 4789

TCP_TRUNCATED = ANOMALIES.index("tcp_truncated")
TCP_HEADER_LENGTH = ANOMALIES.index("tcp_header_length")
TCP_CHECKSUM = ANOMALIES.index("tcp_checksum")
UDP_TRUNCATED = ANOMALIES.index("udp_truncated")
UDP_LENGTH = ANOMALIES.index("udp_length")
UDP_CHECKSUM = ANOMALIES.index("udp_checksum")
ICMP_TRUNCATED = ANOMALIES.index("icmp_truncated")
ICMP_CHECKSUM = ANOMALIES.index("icmp_checksum")


@lean_kernel
def transport(
    data: Bytes,
    at: int,
    stop: int,
    end: int,
    verify: bool,  # noqa: FBT001  kernels take positional flags
    packet: Record,
    counts: Counts,
) -> int:
    """Read the transport header at `at` into `packet`.

    Args:
        data: The bytes that hold the packet.
        at: Where the transport header starts.
        stop: Where the IP packet ends.
        end: Where the captured bytes end.
        verify: Verify the checksum, if the whole packet was captured.
        packet: A PACKET record with its IP fields set.
        counts: By index into ANOMALIES.

    Returns:
        0, or -1 minus the index into ANOMALIES if there is nothing to meter.
    """
    here = min(stop, end)
    proto = 0 + packet["proto"]
    payload = at
    length = stop - at
    checksum = -1
    if proto == TCP:
        if at + 20 > here:
            return -1 - TCP_TRUNCATED
        payload = at + (u8(data, at + 12) >> 4) * 4
        if payload < at + 20 or payload > stop:
            return -1 - TCP_HEADER_LENGTH
        packet["src_port"] = u16(data, at)
        packet["dst_port"] = u16(data, at + 2)
        packet["seq"] = u32(data, at + 4)
        packet["ack"] = u32(data, at + 8)
        packet["tcp_flags"] = u8(data, at + 13)
        packet["window"] = u16(data, at + 14)
        checksum = TCP_CHECKSUM
    elif proto == UDP:
        if at + 8 > here:
            return -1 - UDP_TRUNCATED
        payload = at + 8
        packet["src_port"] = u16(data, at)
        packet["dst_port"] = u16(data, at + 2)
        if u16(data, at + 4) != length:
            counts[UDP_LENGTH] += 1
        if u16(data, at + 4) >= 8:
            length = u16(data, at + 4)
        if u16(data, at + 6) or (packet["version"] == 6 and not _may_be_vxlan(data, at, here)):
            checksum = UDP_CHECKSUM
    elif proto == (ICMP if packet["version"] == 4 else ICMPV6):
        if at + 8 > here:
            return -1 - ICMP_TRUNCATED
        payload = at + 8
        packet["src_port"] = u8(data, at)
        packet["dst_port"] = u8(data, at + 1)
        checksum = ICMP_CHECKSUM
    packet["payload_offset"] = payload
    packet["payload_length"] = length - (payload - at)
    packet["payload_captured"] = max(0, min(at + length, here) - payload)
    if verify and checksum >= 0 and stop <= end:
        total = 0
        if proto != ICMP:
            total = proto + stop - at
            for half in (packet["src_hi"], packet["src_lo"], packet["dst_hi"], packet["dst_lo"]):
                for shift in (0, 16, 32, 48):
                    total += np.int64(half >> np.uint64(shift) & np.uint64(0xFFFF))
        if not sums_to_ones(add_words(data, at, stop, total)):
            counts[checksum] += 1
            packet["bad_checksum"] = 1
    return 0


@lean_kernel
def _may_be_vxlan(data: Bytes, at: int, here: int) -> bool:
    """Tell whether a UDP datagram may go without a checksum in IPv6, as the header of a tunnel."""
    return u16(data, at + 2) == VXLAN_PORT and at + 8 < here and u8(data, at + 8) & 8 != 0
