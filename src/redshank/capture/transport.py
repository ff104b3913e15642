"""Read a TCP, UDP or ICMP header, or step into a tunnel.

In: where the transport header starts, in a record whose IP fields are set. Out: ports, flags and the place of the
payload; or the layer that a tunnel carries.
The one idea: payload is counted by the lengths in the headers, never by the bytes that happen to follow.
Source: RFC 9293, 768, 792, 4443; RFC 2784 and 2890 (GRE), 2637 (GRE for PPTP), 2003 (IP in IP), 4213 (6in4);
draft-foschiano-erspan-03 (ERSPAN).
"""

from redshank.capture.internet import add_words, sums_to_ones
from redshank.capture.link import ETHERNET, IP, PPP, Bytes, Record, u8, u16, u32
from redshank.capture.packet import ANOMALIES, Counts
from redshank.core.kernel import lean_kernel

_TCP, _UDP, _ICMP, _ICMPV6, _GRE = 6, 17, 1, 58, 47

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
    ip: int,
    at: int,
    end: int,
    verify: bool,  # noqa: FBT001  kernels take positional flags
    packet: Record,
    counts: Counts,
) -> int:
    """Read the transport header at `at` into `packet`.

    Args:
        data: The bytes that hold the packet.
        ip: Where the IP header starts.
        at: Where the transport header starts.
        end: Where the captured bytes end.
        verify: Verify the checksum, if the whole packet was captured and is no fragment.
        packet: A PACKET record with its IP fields set.
        counts: By index into ANOMALIES.

    Returns:
        0, or -1 minus the index into ANOMALIES if there is nothing to meter.
    """
    stop = ip + packet["ip_length"]
    here = min(stop, end)
    proto = 0 + packet["proto"]
    payload = at
    checksum = -1
    if proto == _TCP:
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
    elif proto == _UDP:
        if at + 8 > here:
            return -1 - UDP_TRUNCATED
        payload = at + 8
        packet["src_port"] = u16(data, at)
        packet["dst_port"] = u16(data, at + 2)
        length = u16(data, at + 4)
        if length < 8 or at + length > stop:
            counts[UDP_LENGTH] += 1
        else:
            stop = at + length
            checksum = UDP_CHECKSUM if u16(data, at + 6) else -1
    elif proto == (_ICMP if packet["version"] == 4 else _ICMPV6):
        if at + 8 > here:
            return -1 - ICMP_TRUNCATED
        payload = at + 8
        packet["src_port"] = u8(data, at)
        packet["dst_port"] = u8(data, at + 1)
        checksum = ICMP_CHECKSUM
    packet["payload_offset"] = payload
    packet["payload_length"] = stop - payload
    packet["payload_captured"] = max(0, min(stop, end) - payload)
    if verify and checksum >= 0 and stop <= end:
        pseudo = 0
        if proto != _ICMP:
            addresses = ip + (12 if packet["version"] == 4 else 8)
            size = 8 if packet["version"] == 4 else 32
            pseudo = add_words(data, addresses, addresses + size, proto + stop - at)
        if not sums_to_ones(add_words(data, at, stop, pseudo)):
            counts[checksum] += 1
            packet["bad_checksum"] = 1
    return 0


@lean_kernel
def tunnel(data: Bytes, at: int, here: int, proto: int) -> tuple[int, int]:
    """Look for a packet inside the packet.

    Args:
        data: The bytes that hold the packet.
        at: Where the header behind IP starts.
        here: Where the captured bytes of the packet end.
        proto: IP protocol of that header.

    Returns:
        The kind of the inner layer, as `link.to_internet` takes it, and its place; 0 if this is no tunnel that we
        open, -1 if it is cut.
    """
    if proto in (4, 41):
        return (IP if at < here else -1), at
    if proto != _GRE:
        return 0, at
    if at + 4 > here:
        return -1, at
    flags, kind = u16(data, at), u16(data, at + 2)
    if flags & 0x4000:  # source routing, withdrawn by RFC 2784
        return 0, at
    place = at + 4
    for bit in (0x8000, 0x2000, 0x1000, 0x0080):  # checksum, key, sequence, and version 1's acknowledgment
        if flags & bit:
            place += 4
    if kind == 0x880B:
        # Without a sequence number there is no payload: a bare acknowledgment.
        kind = PPP if flags & 0x1000 else 0
    elif kind == 0x6558:
        kind = ETHERNET
    elif kind == 0x88BE:  # ERSPAN: type I has no sequence number and no header of its own
        kind = ETHERNET
        place += 8 if flags & 0x1000 else 0
    elif kind == 0x22EB:  # ERSPAN type III, with a platform's eight bytes if the last bit says so
        if place + 12 > here:
            return -1, at
        kind = ETHERNET
        place += 20 if u8(data, place + 11) & 1 else 12
    elif kind not in (0x0800, 0x86DD, 0x8847):
        return 0, at
    return (kind if place < here or kind == 0 else -1), place
