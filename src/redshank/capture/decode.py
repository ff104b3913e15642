"""Decode one frame into PACKET records.

In: the place of a frame. Out: one record for the packet in it, and behind it one for each packet that it carries in a
tunnel, and so for each part of an 802.11 aggregate; counts by the names in ANOMALIES. Wire data never raises: a frame
that has nothing to meter gives a record with version 0 and one count.
The one idea: three steps (link layers to IP header, IP header to transport, transport to payload) over places in the
block; a tunnel starts over at the second, at most MAX_TUNNELS times. Nothing is copied but header fields.
Where RFCs leave open what is odd we do as Zeek does: a packet that claims more bytes than its frame had on the wire is
dropped, IP-in-IP, 6in4 and GRE are no flows themselves, tunnels over UDP are; MAC addresses and VLAN are those of the
layer right around the packet.
Source: the RFCs that link.py, internet.py, transport.py and tunnel.py name; Zeek's manual for what it calls weird.
"""

from typing import Any

import numpy.typing as npt

from redshank.capture.fragments import EVICTED, JOINED_BYTES, Table, join
from redshank.capture.internet import FRAGMENT, IPV6_EXTENSIONS, ipv4, ipv6
from redshank.capture.link import (
    AGGREGATE,
    FCS_AT_END,
    IP,
    LINK_TRUNCATED,
    LLC,
    NOT_IP,
    Record,
    link_layer,
    radiotap_flags,
    subframe,
    to_internet,
)
from redshank.capture.packet import ANOMALIES, CARRIES, METERED_CARRIER, PLAIN, Counts
from redshank.capture.transport import transport
from redshank.capture.tunnel import CUT, GRE_OVER_UDP, NOTHING, tunnel
from redshank.capture.words import Bytes, u8
from redshank.core.kernel import lean_kernel

MAX_TUNNELS = 4
"""Tunnels inside each other that are opened."""

MAX_SUBFRAMES = 64
"""Packets in one 802.11 aggregate that are read; the standard's 11,454 bytes hold no more of any use."""

RECORDS = MAX_SUBFRAMES * (2 * MAX_TUNNELS + 1)
"""Records that one frame may give: GRE over UDP gives two for a tunnel."""

STOPPED = -1
"""In place of a count: the frame holds a fragment, and fragments are not to be joined."""

_RADIOTAP, _GRE = 127, 47
_IP_VERSION = ANOMALIES.index("ip_version")
_TUNNEL_TOO_DEEP = ANOMALIES.index("tunnel_too_deep")
_TUNNEL_TRUNCATED = ANOMALIES.index("tunnel_truncated")


@lean_kernel
def decode_frame(
    data: Bytes,
    at: int,
    end: int,
    wire: int,
    ts_ns: int,
    link_type: int,
    vlan: int,
    packets: npt.NDArray[Any],
    n: int,
    counts: Counts,
    checksums: bool,  # noqa: FBT001  kernels take positional flags
    fill: int,
    brim: int,
    table: Table,
) -> tuple[int, int]:
    """Decode a frame into `packets[n:]`.

    Args:
        data: The bytes that hold the frame.
        at: Where it starts.
        end: Where its captured bytes end.
        wire: Where it ended on the wire, at least `end`.
        ts_ns: Its time.
        link_type: Its LINKTYPE_ value.
        vlan: What the network card took out of it, -1 if nothing.
        packets: Room for at least RECORDS records from `n` on.
        n: Records that are there already.
        counts: By index into ANOMALIES.
        checksums: Verify the checksums of packets that were captured whole.
        fill: Where in `data` datagrams may be put together from fragments; -1: stop at the first fragment.
        brim: Where that space ends.
        table: Of `fragments.empty_table`.

    Returns:
        The records there now, or STOPPED; where `data` is free now.
    """
    packet = packets[n]
    _clear(packet, ts_ns, vlan, 0)
    if link_type == _RADIOTAP and radiotap_flags(data, at, end) & FCS_AT_END:
        wire = max(wire - 4, at)
        end = min(end, wire)
    kind, place = link_layer(data, at, end, link_type, packet)
    if kind == IP:
        return _packet(data, place, end, wire, packets, n, counts, checksums, fill, brim, table)
    if kind == AGGREGATE:
        return _aggregate(data, place, end, wire, packets, n, counts, checksums, fill, brim, table)
    counts[-1 - kind] += 1
    return n + 1, fill


@lean_kernel
def _clear(packet: Record, ts_ns: int, vlan: int, depth: int) -> None:
    packet["ts_ns"] = ts_ns
    packet["src_hi"] = 0
    packet["src_lo"] = 0
    packet["dst_hi"] = 0
    packet["dst_lo"] = 0
    packet["src_port"] = 0
    packet["dst_port"] = 0
    packet["version"] = 0
    packet["proto"] = 0
    packet["tcp_flags"] = 0
    packet["bad_checksum"] = 0
    packet["seq"] = 0
    packet["ack"] = 0
    packet["payload_length"] = 0
    packet["ip_length"] = 0
    packet["src_mac"] = 0
    packet["dst_mac"] = 0
    packet["payload_offset"] = 0
    packet["payload_captured"] = 0
    packet["window"] = 0
    packet["vlan"] = vlan
    packet["depth"] = depth
    packet["carrier"] = PLAIN


@lean_kernel
def _aggregate(
    data: Bytes,
    at: int,
    end: int,
    wire: int,
    packets: npt.NDArray[Any],
    n: int,
    counts: Counts,
    checksums: bool,  # noqa: FBT001  kernels take positional flags
    fill: int,
    brim: int,
    table: Table,
) -> tuple[int, int]:
    ts_ns, vlan = 0 + packets[n]["ts_ns"], 0 + packets[n]["vlan"]
    for _ in range(MAX_SUBFRAMES):
        packet = packets[n]
        _clear(packet, ts_ns, vlan, 0)
        start, stop, following = subframe(data, at, end, packet)
        if start < 0 or stop > wire:
            counts[LINK_TRUNCATED] += 1
            return n + 1, fill
        here = min(stop, end)
        kind, place = to_internet(data, start, here, LLC, packet)
        if kind == IP:
            n, fill = _packet(data, place, here, stop, packets, n, counts, checksums, fill, brim, table)
            if n == STOPPED:
                break
        else:
            counts[NOT_IP if kind == AGGREGATE else -1 - kind] += 1
            n += 1
        if following >= end:
            break
        at = following
    return n, fill


@lean_kernel
def _packet(
    data: Bytes,
    at: int,
    end: int,
    wire: int,
    packets: npt.NDArray[Any],
    n: int,
    counts: Counts,
    checksums: bool,  # noqa: FBT001  kernels take positional flags
    fill: int,
    brim: int,
    table: Table,
) -> tuple[int, int]:
    """Decode from an IP header on; see `decode_frame`. Record n is clear but for its link layer."""
    ts_ns = 0 + packets[n]["ts_ns"]
    depth = 0
    joined = False
    while True:
        packet = packets[n]
        intact = end >= wire
        place, stop, verifiable = -1 - LINK_TRUNCATED, 0, False
        if at < end:
            version = u8(data, at) >> 4
            if version == 4:
                place, stop, verifiable = ipv4(data, at, end, wire, packet, counts, checksums and not joined)
            elif version == 6:
                place, stop, verifiable = ipv6(data, at, end, wire, packet, counts)
            else:
                place = -1 - _IP_VERSION
        if place == -1 - FRAGMENT and not joined:
            if fill < 0:
                return STOPPED, fill
            size = 0
            if fill + JOINED_BYTES <= brim:
                size = join(data, at, stop, ts_ns, packet, table, fill, counts)
            else:
                counts[EVICTED] += 1
            if size:
                joined = True
                at = fill
                fill += size
                end = wire = fill
                continue
        elif place == -1 - FRAGMENT:
            place = -1 - IPV6_EXTENSIONS  # a fragment of a fragment
        if place >= 0:
            code = transport(data, place, stop, end, checksums and verifiable and intact, packet, counts)
            if code < 0:
                place = code
        if place < 0:
            counts[-1 - place] += 1
            packet["version"] = 0
            return _given_up(packets, n, depth), fill

        how, kind, inner = tunnel(data, place, min(stop, end), stop, packet)
        if how == PLAIN:
            return n + 1, fill
        if how == GRE_OVER_UDP:
            n += 1
            _clear(packets[n], ts_ns, 0 + packet["vlan"], depth)
            _between(packet, packets[n])
            packet = packets[n]
        packet["carrier"] = METERED_CARRIER if how == METERED_CARRIER else CARRIES
        if kind < 0 or depth == MAX_TUNNELS:
            counts[_TUNNEL_TRUNCATED if kind == CUT else NOT_IP if kind == NOTHING else _TUNNEL_TOO_DEEP] += 1
            return _given_up(packets, n + 1, 1), fill
        depth += 1
        n += 1
        _clear(packets[n], ts_ns, -1, depth)
        end, wire = min(stop, end), stop
        joined = False
        kind, at = to_internet(data, inner, end, kind, packets[n])
        if kind != IP:
            counts[NOT_IP if kind == AGGREGATE else -1 - kind] += 1
            return _given_up(packets, n, depth), fill


@lean_kernel
def _given_up(packets: npt.NDArray[Any], n: int, depth: int) -> int:
    """Return the records that are there once record n turned out to be nothing to meter.

    The outermost stays, with version 0. Of a tunnel the carrier stays: over UDP, as a flow that carries nothing.
    """
    if depth == 0:
        return n + 1
    if packets[n - 1]["carrier"] == METERED_CARRIER:
        packets[n - 1]["carrier"] = PLAIN
    return n


@lean_kernel
def _between(outer: Record, packet: Record) -> None:
    """Make `packet` the tunnel between the two addresses of `outer`."""
    packet["src_hi"] = outer["src_hi"]
    packet["src_lo"] = outer["src_lo"]
    packet["dst_hi"] = outer["dst_hi"]
    packet["dst_lo"] = outer["dst_lo"]
    packet["src_mac"] = outer["src_mac"]
    packet["dst_mac"] = outer["dst_mac"]
    packet["ip_length"] = outer["ip_length"]
    packet["version"] = outer["version"]
    packet["proto"] = _GRE
