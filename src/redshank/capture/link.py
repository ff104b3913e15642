"""Find the IP header behind a frame's link layers, tags and labels.

In: the bytes of a frame and its LINKTYPE_ value. Out: where the IP header starts, or why there is none.
The one idea: every layer is a small step from (kind, place) to (kind, place), in a loop of at most MAX_LAYERS steps,
and no step reads a byte before it has checked that the frame holds it.
Source: https://www.tcpdump.org/linktypes.html; IEEE 802.1Q and 802.11; RFC 1661 (PPP), RFC 2516 (PPPoE), RFC 3032
(MPLS); https://www.radiotap.org. An 802.11 aggregate (A-MSDU) is several packets: `subframe` walks it.
"""

from typing import Any

from redshank.capture.packet import ANOMALIES
from redshank.capture.words import Bytes, little_u16, u8, u16, u32
from redshank.core.kernel import lean_kernel

Record = Any
"""One PACKET record: numba gives and takes it by reference."""

MAX_LAYERS = 16
"""Link layers, tags and MPLS labels in one frame. Real networks have up to six."""

_MAX_ATTRIBUTES = 32
FCS_AT_END, DATA_PAD = 0x10, 0x20
"""Radiotap flags: the frame ends in four bytes of check sequence; its header is padded to a multiple of four."""

# Kinds of the next layer beside the ethertypes (>= 0x0600). A kind below 0x0600 is one of ours.
IP, ETHERNET, LLC, PPP, WIFI, AGGREGATE = 1, 2, 3, 4, 5, 6
_IPV4, _ARP, _IPV6 = 0x0800, 0x0806, 0x86DD

ARP = ANOMALIES.index("arp")
NOT_IP = ANOMALIES.index("not_ip")
LINK_TYPE_UNKNOWN = ANOMALIES.index("link_type_unknown")
LINK_TRUNCATED = ANOMALIES.index("link_truncated")
LINK_TOO_DEEP = ANOMALIES.index("link_too_deep")


@lean_kernel
def _mac(data: Bytes, at: int) -> int:
    return (u16(data, at) << 32) | u32(data, at + 2)


@lean_kernel
def _first(data: Bytes, at: int, end: int, link_type: int, packet: Record) -> tuple[int, int]:
    """Step over what a LINKTYPE_ puts first; give (kind, place) of the next layer, or (-1 - anomaly, place)."""
    if link_type == 1:
        return ETHERNET, at
    if link_type in (12, 14, 101, 228, 229):
        return IP, at
    if link_type in (0, 108):
        return _loopback(data, at, end)
    if link_type == 113:  # Linux cooked: type 2, hardware 2, address length 2, address 8, protocol 2
        if at + 16 > end:
            return -1 - LINK_TRUNCATED, at
        if u16(data, at + 4) == 6:
            packet["src_mac"] = _mac(data, at + 6)
        return _cooked(u16(data, at + 14)), at + 16
    if link_type == 276:  # version 2: protocol 2, reserved 2, interface 4, hardware 2, type 1, length 1, address 8
        if at + 20 > end:
            return -1 - LINK_TRUNCATED, at
        if u8(data, at + 11) == 6:
            packet["src_mac"] = _mac(data, at + 12)
        return _cooked(u16(data, at)), at + 20
    if link_type == 239:
        return _nflog(data, at, end)
    if link_type in (9, 50):
        return PPP, at
    if link_type == 51:
        return 0x8864, at
    if link_type in (166, 204):  # PPP with a byte for the direction: in place of the address, or before all
        if at + 2 > end:
            return -1 - LINK_TRUNCATED, at
        return PPP, at + (2 if link_type == 166 and u8(data, at + 1) == 3 else 1)
    if link_type == 104:  # Cisco HDLC: address 1, control 1, ethertype 2
        if at + 4 > end:
            return -1 - LINK_TRUNCATED, at
        return _ethertype(u16(data, at + 2)), at + 4
    if link_type == 105:
        return WIFI, at
    if link_type == 127:  # radiotap: version 1, pad 1, length 2 little-endian
        if at + 4 > end:
            return -1 - LINK_TRUNCATED, at
        header = little_u16(data, at + 2)
        return _wifi(data, at + header, end, radiotap_flags(data, at, end) & DATA_PAD != 0, packet)
    return -1 - LINK_TYPE_UNKNOWN, at


@lean_kernel
def _loopback(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Read BSD's address family, in the byte order of whoever wrote it."""
    if at + 4 > end:
        return -1 - LINK_TRUNCATED, at
    family = u32(data, at)
    if family > 0xFFFF:
        family = little_u16(data, at)
    # AF_INET is 2 everywhere; AF_INET6 is 10 on Linux and Windows' 23, 24, 28 and 30 on the BSDs.
    return (IP if family in (2, 10, 23, 24, 28, 30) else -1 - NOT_IP), at + 4


@lean_kernel
def _nflog(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Find the packet among the attributes of Linux' NFLOG: length 2, type 2, value padded to 4, in host order."""
    at += 4
    for _ in range(_MAX_ATTRIBUTES):
        if at + 4 > end:
            return -1 - LINK_TRUNCATED, at
        size = little_u16(data, at)
        if u8(data, at + 2) == 9:
            return IP, at + 4
        at += max(4, (size + 3) & ~3)
    return -1 - NOT_IP, at


@lean_kernel
def _ethertype(value: int) -> int:
    """Return `value` as a kind where only an ethertype may stand; below 0x0600 are our own kinds."""
    return value if value >= 0x0600 else -1 - NOT_IP


@lean_kernel
def _cooked(protocol: int) -> int:
    """Return the kind that a Linux cooked header's protocol field means."""
    if protocol >= 0x0600:
        return protocol
    return LLC if protocol == 4 else -1 - NOT_IP


@lean_kernel
def radiotap_flags(data: Bytes, at: int, end: int) -> int:
    """Return the Flags field of a radiotap header, 0 if it has none."""
    if at + 8 > end or not u8(data, at + 4) & 2:
        return 0
    place = at + 4
    for _ in range(_MAX_ATTRIBUTES):  # words of presence bits; the last has bit 31 clear
        more = u8(data, place + 3) & 0x80
        place += 4
        if not more:
            break
        if place + 4 > end:
            return 0
    if u8(data, at + 4) & 1:  # the timestamp before it: 8 bytes, aligned to 8 from the start of the header
        place = at + ((place - at + 7) & ~7) + 8
    return u8(data, place) if place < end else 0


@lean_kernel
def _wifi(
    data: Bytes,
    at: int,
    end: int,
    padded: bool,  # noqa: FBT001  kernels take positional flags
    packet: Record,
) -> tuple[int, int]:
    """Step over an 802.11 header; only a data frame in the clear has an LLC header behind it.

    A card may pad the header to a multiple of four bytes, and radiotap then says so.
    """
    if at + 2 > end:
        return -1 - LINK_TRUNCATED, at
    control, flags = u8(data, at), u8(data, at + 1)
    if control & 0x0F != 0x08 or control & 0x40 or flags & 0x40:  # not data, no body, or encrypted
        return -1 - NOT_IP, at
    to_ds, from_ds = flags & 1, flags & 2
    length = 30 if to_ds and from_ds else 24
    if at + length + 2 > end:
        return -1 - LINK_TRUNCATED, at
    packet["dst_mac"] = _mac(data, at + 16 if to_ds else at + 4)
    if from_ds:
        packet["src_mac"] = _mac(data, at + 24 if to_ds else at + 16)
    else:
        packet["src_mac"] = _mac(data, at + 10)
    kind = LLC
    if control & 0x80:
        aggregate = data[at + length] & 0x80
        length += 6 if flags & 0x80 else 2
        if aggregate:
            kind = AGGREGATE
    if padded:
        length = (length + 3) & ~3
    return kind, at + length


@lean_kernel
def subframe(data: Bytes, at: int, end: int, packet: Record) -> tuple[int, int, int]:
    """Step into a subframe of an 802.11 aggregate: addresses 12, length 2, then LLC; each but the last padded to four.

    Args:
        data: The bytes that hold the frame.
        at: Where the subframe starts.
        end: Where the captured bytes of the frame end.
        packet: A PACKET record; MAC addresses are set.

    Returns:
        Where its LLC header starts and where it ends by its own length; where the next subframe would start.
        -1 in place of the first if the subframe is cut.
    """
    if at + 14 > end:
        return -1, end, end
    packet["dst_mac"] = _mac(data, at)
    packet["src_mac"] = _mac(data, at + 6)
    size = 14 + u16(data, at + 12)
    return at + 14, at + size, at + ((size + 3) & ~3)


@lean_kernel
def _ethernet(data: Bytes, at: int, end: int, packet: Record) -> tuple[int, int]:
    if at + 14 > end:
        return -1 - LINK_TRUNCATED, at
    packet["dst_mac"] = _mac(data, at)
    packet["src_mac"] = _mac(data, at + 6)
    ethertype = u16(data, at + 12)
    return (ethertype if ethertype >= 0x0600 else LLC), at + 14


@lean_kernel
def _llc(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Step over IEEE 802.2, with SNAP where an ethertype is inside."""
    if at + 3 > end:
        return -1 - LINK_TRUNCATED, at
    service = u16(data, at)
    if service == 0x0606:
        return IP, at + 3
    if service != 0xAAAA:
        return -1 - NOT_IP, at
    if at + 8 > end:
        return -1 - LINK_TRUNCATED, at
    organization = u32(data, at + 2) & 0xFFFFFF
    ethertype = u16(data, at + 6)
    if organization not in (0, 0x0000F8) or ethertype < 0x0600:
        return -1 - NOT_IP, at
    return ethertype, at + 8


@lean_kernel
def _ppp(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Step over PPP, with or without address and control, with a protocol of one or two bytes."""
    if at + 4 > end:
        return -1 - LINK_TRUNCATED, at
    if data[at] in (0x0F, 0x8F):  # Cisco HDLC under the same link type
        return _ethertype(u16(data, at + 2)), at + 4
    if u16(data, at) == 0xFF03:
        at += 2
    if data[at] & 1:
        protocol, at = u8(data, at), at + 1
    else:
        protocol, at = u16(data, at), at + 2
    if protocol in (0x0021, 0x0057):
        return IP, at
    return (0x8847 if protocol == 0x0281 else -1 - NOT_IP), at


@lean_kernel
def _tag(data: Bytes, at: int, end: int, kind: int, packet: Record) -> tuple[int, int]:
    """Step over what stands behind an ethertype that is not IP."""
    if kind in (0x8100, 0x88A8, 0x9100, 0x9200):  # VLAN: identifier 2, ethertype 2
        if at + 4 > end:
            return -1 - LINK_TRUNCATED, at
        if packet["vlan"] < 0:
            packet["vlan"] = u16(data, at) & 0x0FFF
        ethertype = u16(data, at + 2)
        return (ethertype if ethertype >= 0x0600 else LLC), at + 4
    if kind in (0x8847, 0x8848):  # MPLS: the bottom label has a bit, what follows says its version itself
        if at + 5 > end:
            return -1 - LINK_TRUNCATED, at
        if not data[at + 2] & 1:
            return kind, at + 4
        if data[at + 4] >> 4 == 0:  # a pseudowire's control word, then Ethernet
            return ETHERNET, at + 8
        return IP, at + 4
    if kind == 0x8864:  # PPPoE session: version 1, code 1, session 2, length 2
        return PPP, at + 6
    if kind == 0x8903:  # Cisco FabricPath: tag 2, then the customer's Ethernet
        return ETHERNET, at + 2
    if kind == 0x8926:  # VN-Tag: tag 4, ethertype 2
        if at + 6 > end:
            return -1 - LINK_TRUNCATED, at
        return _ethertype(u16(data, at + 4)), at + 6
    return -1 - (ARP if kind == _ARP else NOT_IP), at


@lean_kernel
def to_internet(data: Bytes, at: int, end: int, kind: int, packet: Record) -> tuple[int, int]:
    """Walk from a layer of `kind` to the IP header.

    Args:
        data: The bytes that hold the frame.
        at: Where the layer starts.
        end: Where the captured bytes of the frame end.
        kind: An ethertype, or one of IP, ETHERNET, LLC, PPP, WIFI.
        packet: A PACKET record; MAC addresses and VLAN are set.

    Returns:
        IP, or AGGREGATE, or -1 minus the index into ANOMALIES; where the IP header starts (at most `end`), or the
        first subframe.
    """
    for _ in range(MAX_LAYERS):
        if kind in (_IPV4, _IPV6, IP):
            return (IP if at <= end else -1 - LINK_TRUNCATED), at
        if kind < 0 or kind == AGGREGATE:
            return kind, at
        if kind == ETHERNET:
            kind, at = _ethernet(data, at, end, packet)
        elif kind == LLC:
            kind, at = _llc(data, at, end)
        elif kind == PPP:
            kind, at = _ppp(data, at, end)
        elif kind == WIFI:
            kind, at = _wifi(data, at, end, False, packet)
        else:
            kind, at = _tag(data, at, end, kind, packet)
    return (kind if kind < 0 else -1 - LINK_TOO_DEEP), at


@lean_kernel
def link_layer(data: Bytes, at: int, end: int, link_type: int, packet: Record) -> tuple[int, int]:
    """Walk from the start of a frame to the IP header; see `to_internet`.

    Args:
        data: The bytes that hold the frame.
        at: Where the frame starts.
        end: Where its captured bytes end.
        link_type: Its LINKTYPE_ value.
        packet: A PACKET record; MAC addresses and VLAN are set.
    """
    kind, at = _first(data, at, end, link_type, packet)
    return to_internet(data, at, end, kind, packet)
