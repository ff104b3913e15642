"""Find the packet inside a packet.

In: a record whose transport header was read. Out: the kind and place of the layer that it carries, and what that makes
of the record: CARRIES (IP in IP, GRE) or METERED_CARRIER (tunnels over UDP).
The one idea: a UDP tunnel is known by the port that its receiver listens on, or by that of an answer's sender; Teredo,
which peers speak on any port, by content alone. What does not look like the tunnel in every bit that is fixed, is none.
Source: RFC 2003 (IP in IP), 4213 (6in4), 2784, 2890 and 2637 (GRE), draft-foschiano-erspan-03, RFC 8086 (GRE in UDP),
7348 (VXLAN), 8926 (Geneve), 4380 (Teredo), 3GPP TS 29.281 (GTP-U), draft-massar-v6ops-ayiya-02; ports and the marks of
Teredo and AYIYA as in Zeek's manual and log files, which we follow in what is opened.
"""

from redshank.capture.link import ETHERNET, IP, PPP, WIFI, Record
from redshank.capture.packet import CARRIES, METERED_CARRIER, PLAIN
from redshank.capture.transport import UDP, VXLAN_PORT
from redshank.capture.words import Bytes, u8, u16, u32
from redshank.core.kernel import lean_kernel

GENEVE_PORT, GRE_PORT, TEREDO_PORT, AYIYA_PORT = 6081, 4754, 3544, 5072
GTP_PORTS = (2152, 2123)
UDP_TUNNELS = (VXLAN_PORT, GENEVE_PORT, GRE_PORT, TEREDO_PORT, AYIYA_PORT, *GTP_PORTS)
"""Ports on which a tunnel over UDP listens."""

AYIYA_MARK = 0x5211
"""Bytes 1 and 2 of what AYIYA forwards with an integer for an identity and an SHA-1 signature."""

GRE_OVER_UDP = 3
"""A METERED_CARRIER whose packets also belong to the tunnel between its two addresses, as GRE without UDP would."""

CUT, NOTHING = -1, -2
"""In place of a kind: a tunnel header that is cut or contradicts itself; a tunnel that carries nothing we can read."""

_IPV4, _IPV6, _GRE = 4, 41, 47
_SERVICES = 1024
"""Below, a destination port says more about the service than the source port."""
_MAX_EXTENSIONS = 8


@lean_kernel
def tunnel(data: Bytes, at: int, here: int, stop: int, packet: Record) -> tuple[int, int, int]:
    """Look for a packet inside the packet.

    Args:
        data: The bytes that hold the packet.
        at: Where the header behind IP starts.
        here: Where the captured bytes of the packet end.
        stop: Where the packet ends.
        packet: Its PACKET record.

    Returns:
        PLAIN, CARRIES, METERED_CARRIER or GRE_OVER_UDP; then, unless plain: the kind of the inner layer, as
        `link.to_internet` takes it, or CUT or NOTHING; and its place.
    """
    proto = 0 + packet["proto"]
    if proto == UDP:
        if packet["bad_checksum"]:
            return PLAIN, 0, at
        return _over_udp(data, at + 8, here, stop, 0 + packet["src_port"], 0 + packet["dst_port"])
    if proto in (_IPV4, _IPV6):
        return CARRIES, (IP if at < here else CUT), at
    if proto == _GRE:
        kind, place = _gre(data, at, here)
        return CARRIES, kind, place
    return PLAIN, 0, at


@lean_kernel
def _over_udp(data: Bytes, at: int, here: int, stop: int, source: int, target: int) -> tuple[int, int, int]:
    port = target
    if port not in UDP_TUNNELS and target >= _SERVICES:
        port = source
    kind, place = 0, at
    if port == VXLAN_PORT:
        if at + 8 < here and u8(data, at) & 8:
            kind, place = ETHERNET, at + 8
    elif port == GENEVE_PORT:
        kind, place = _geneve(data, at, here)
    elif port in GTP_PORTS:
        kind, place = _gtp(data, at, here, stop)
    elif port == GRE_PORT:
        kind, place = _gre(data, at, here)
        return GRE_OVER_UDP, kind, place
    elif port == AYIYA_PORT or (at + 3 <= here and u16(data, at + 1) == AYIYA_MARK):
        kind, place = _ayiya(data, at, here)
    elif port == TEREDO_PORT or looks_like_teredo(data, at, here):
        kind, place = _teredo(data, at, here, stop)
    return (METERED_CARRIER if kind else PLAIN), kind, place


@lean_kernel
def _gre(data: Bytes, at: int, here: int) -> tuple[int, int]:
    """Step over a GRE header and those of ERSPAN; versions 0 and, for PPTP, 1."""
    if at + 4 > here:
        return CUT, at
    flags, kind = u16(data, at), u16(data, at + 2)
    version = flags & 7
    # Source routing is withdrawn by RFC 2784; the other flags are reserved.
    if version > 1 or flags & 0x4078 or (version == 1) != (kind == 0x880B):
        return NOTHING, at
    place = at + 4
    for bit in (0x8000, 0x2000, 0x1000, 0x0080):  # checksum, key, sequence, and version 1's acknowledgment
        if flags & bit:
            place += 4
    if version == 1:
        if not flags & 0x1000:  # without a sequence number there is no payload: a bare acknowledgment
            return NOTHING, place
        kind = PPP
    elif kind == 0x6558:
        kind = ETHERNET
    elif kind == 0x88BE:  # ERSPAN: type I has no sequence number and no header of its own
        kind = ETHERNET
        place += 8 if flags & 0x1000 else 0
    elif kind == 0x22EB:  # ERSPAN type III, with a platform's eight bytes if the last bit says so
        if place + 12 > here:
            return CUT, place
        kind = ETHERNET
        place += 20 if u8(data, place + 11) & 1 else 12
    elif kind == 0x9000 or (0x8200 <= kind <= 0x8370 and kind & 0x000F == 0):  # between Aruba's access points
        kind = WIFI
    elif kind not in (0x0800, 0x86DD, 0x8847):
        return NOTHING, place
    return (kind if place < here else CUT), place


@lean_kernel
def _geneve(data: Bytes, at: int, here: int) -> tuple[int, int]:
    """Geneve: version 2 bits, options' length 6, flags 8, protocol 16, network 24, reserved 8, options."""
    if at + 8 > here or u8(data, at) >> 6:
        return 0, at
    place = at + 8 + (u8(data, at) & 0x3F) * 4
    kind = u16(data, at + 2)
    if place >= here:
        return 0, at
    if kind == 0x6558:
        return ETHERNET, place
    return (kind if kind in (0x0800, 0x86DD) else 0), place


@lean_kernel
def _gtp(data: Bytes, at: int, here: int, stop: int) -> tuple[int, int]:
    """GTP version 1: flags 1, type 1, length 2, endpoint 4, then what the flags say; only type 255 holds a packet."""
    if at + 8 > here or u8(data, at) & 0xF0 != 0x30 or u8(data, at + 1) != 255:
        return 0, at
    flags = u8(data, at)
    place = at + 8
    if flags & 7:  # sequence 2, N-PDU 1, kind of the next extension 1
        place += 4
        if place > here:
            return 0, at
        more = u8(data, place - 1) if flags & 4 else 0
        for _ in range(_MAX_EXTENSIONS):
            if not more:
                break
            if place >= here or not u8(data, place):
                return 0, at
            place += 4 * u8(data, place)
            if place > here:
                return 0, at
            more = u8(data, place - 1)
        if more:
            return 0, at
    return _whole_packet(data, place, here, stop)


@lean_kernel
def _whole_packet(data: Bytes, at: int, here: int, stop: int) -> tuple[int, int]:
    """Take what is at `at` for a packet if it says that it is exactly as long as what is left of the datagram."""
    if at + 20 > here:
        return 0, at
    version = u8(data, at) >> 4
    if version == 4:
        return (IP if at + u16(data, at + 2) == stop else 0), at
    if version == 6 and at + 40 <= here:
        return (IP if at + 40 + u16(data, at + 4) == stop else 0), at
    return 0, at


@lean_kernel
def _ayiya(data: Bytes, at: int, here: int) -> tuple[int, int]:
    """AYIYA: lengths of identity and signature, operation (1: forward), next header, time; both; the packet."""
    if at + 8 > here or u8(data, at + 2) & 0x0F != 1 or u8(data, at + 3) not in (_IPV4, _IPV6):
        return 0, at
    place = at + 8 + (1 << (u8(data, at) >> 4)) + (u8(data, at + 1) >> 4) * 4
    return (IP if place < here else 0), place


@lean_kernel
def looks_like_teredo(data: Bytes, at: int, here: int) -> bool:
    """Tell a Teredo packet on a port of a peer: an authentication or origin header, or an address of 2001::/32.

    Args:
        data: The bytes that hold the packet.
        at: Where the UDP payload starts.
        here: Where its captured bytes end.
    """
    if at + 40 > here:
        return False
    tag = u16(data, at)
    if tag >> 12 == 6:
        return u32(data, at + 8) == 0x20010000 or u32(data, at + 24) == 0x20010000
    if tag == 1:
        at += 13 + u8(data, at + 2) + u8(data, at + 3)
        if at + 48 > here or u16(data, at):
            return False
        tag = 0
    return tag == 0 and at + 48 <= here and u8(data, at + 8) >> 4 == 6


@lean_kernel
def _teredo(data: Bytes, at: int, here: int, stop: int) -> tuple[int, int]:
    """Step over the authentication (tag 1) and origin (tag 0) headers of Teredo."""
    if at + 2 <= here and u16(data, at) == 1:
        if at + 4 > here:
            return 0, at
        at += 13 + u8(data, at + 2) + u8(data, at + 3)
    if at + 2 <= here and u16(data, at) == 0:
        at += 8
    if at + 40 > here or u8(data, at) >> 4 != 6:
        return 0, at
    if u16(data, at + 4) == 0 and u8(data, at + 6) == 59:  # a bubble; some carry bytes behind their end
        return IP, at
    return _whole_packet(data, at, here, stop)
