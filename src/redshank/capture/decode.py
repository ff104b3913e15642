"""Decode the frames of a Block into PACKET records.

In: a Block. Out: one PACKET per frame, and counts by the names in ANOMALIES. Wire data never raises: a frame that has
nothing to meter gives a record with version 0 and one count.
The one idea: three steps (link layers to IP header, IP header to transport, transport to payload) over places in the
block; a tunnel starts over at the second, at most MAX_TUNNELS times. Nothing is copied but header fields.
Where RFCs leave open what is odd we do as Zeek does: a packet that claims more bytes than its frame had on the wire is
dropped, a total length of zero is taken from the frame, IP-in-IP, 6in4 and GRE give the inner packet.
Source: the RFCs that link.py, internet.py and transport.py name; https://docs.zeek.org for what Zeek calls weird.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.capture.internet import ipv4, ipv6
from redshank.capture.link import LINK_TRUNCATED, Bytes, Record, link_layer, to_internet, u8
from redshank.capture.packet import ANOMALIES, HARMLESS, PACKET, Counts
from redshank.capture.source import Block
from redshank.capture.transport import transport, tunnel
from redshank.core.kernel import lean_kernel

__all__ = ["ANOMALIES", "HARMLESS", "MAX_TUNNELS", "PACKET", "decode"]

MAX_TUNNELS = 4
"""Tunnels inside each other that are opened; beyond, the innermost opened is metered."""

_MAX_WIRE = 1 << 24
"""A frame's length on the wire is a number in a file: no larger one is believed, so that all lengths fit in 32 bits."""

_IP_VERSION = ANOMALIES.index("ip_version")
_TUNNEL_TOO_DEEP = ANOMALIES.index("tunnel_too_deep")
_TUNNEL_TRUNCATED = ANOMALIES.index("tunnel_truncated")


def decode(block: Block, packets: npt.NDArray[Any], counts: Counts, *, checksums: bool = False) -> int:
    """Fill `packets[0:n]` from the n frames of `block`, in their order.

    Args:
        block: The frames.
        packets: PACKET records, at least as many as the block has frames; overwritten.
        counts: Added to, by index into ANOMALIES.
        checksums: Verify the checksums of packets that were captured whole; those that fail have `bad_checksum` set.
            Wrong for captures taken on the sending machine, whose network card fills them in later.

    Shape:
        packets: [m] PACKET, m >= n; counts: [len(ANOMALIES)] int64.

    Returns:
        The number of frames, n.

    Raises:
        ValueError: If `packets` or `counts` is too short.

    Example:
        >>> import numpy as np
        >>> from redshank.capture.source import Block
        >>> frame = np.zeros(60, np.uint8)
        >>> frame[12:14] = 0x08, 0x06
        >>> one = lambda value, dtype: np.array([value], dtype)
        >>> block = Block(frame, one(0, "i8"), one(60, "i4"), one(60, "i8"), one(0, "i8"), one(1, "i4"))
        >>> packets, counts = np.empty(1, PACKET), np.zeros(len(ANOMALIES), np.int64)
        >>> decode(block, packets, counts), int(packets["version"][0]), int(counts[ANOMALIES.index("arp")])
        (1, 0, 1)
    """
    frames = len(block.offset)
    if len(packets) < frames or len(counts) < len(ANOMALIES):
        raise ValueError(
            f"decode: {frames} frames need as many packets, not {len(packets)}, "
            f"and {len(ANOMALIES)} counts, not {len(counts)}"
        )
    _decode(
        block.data,
        block.offset,
        block.captured,
        block.length,
        block.ts_ns,
        block.link_type,
        packets,
        counts,
        checksums,
    )
    return frames


@lean_kernel
def _decode(
    data: Bytes,
    offset: npt.NDArray[np.int64],
    captured: npt.NDArray[np.int32],
    length: npt.NDArray[np.int64],
    ts_ns: npt.NDArray[np.int64],
    link_type: npt.NDArray[np.int32],
    packets: npt.NDArray[Any],
    counts: Counts,
    checksums: bool,  # noqa: FBT001  kernels take positional flags
) -> None:
    for index in range(len(offset)):
        packet = packets[index]
        packet["ts_ns"] = ts_ns[index]
        _clear(packet)
        at = 0 + offset[index]
        end = at + captured[index]
        wire = at + min(max(length[index], captured[index]), _MAX_WIRE)
        result = link_layer(data, at, end, link_type[index], packet)
        if result >= 0:
            result = _packet(data, result, end, max(wire, end), packet, counts, checksums)
        if result < 0:
            packet["version"] = 0
            counts[-1 - result] += 1


@lean_kernel
def _clear(packet: Record) -> None:
    packet["src_hi"] = 0
    packet["src_lo"] = 0
    packet["dst_hi"] = 0
    packet["dst_lo"] = 0
    packet["src_mac"] = 0
    packet["dst_mac"] = 0
    packet["payload_offset"] = 0
    packet["payload_captured"] = 0
    packet["payload_length"] = 0
    packet["ip_length"] = 0
    packet["vlan"] = -1
    packet["seq"] = 0
    packet["ack"] = 0
    packet["src_port"] = 0
    packet["dst_port"] = 0
    packet["window"] = 0
    packet["version"] = 0
    packet["proto"] = 0
    packet["tcp_flags"] = 0
    packet["bad_checksum"] = 0
    packet["depth"] = 0
    packet["carrier"] = 0


@lean_kernel
def _packet(
    data: Bytes,
    at: int,
    end: int,
    wire: int,
    packet: Record,
    counts: Counts,
    checksums: bool,  # noqa: FBT001  kernels take positional flags
) -> int:
    """Decode from an IP header on; 0, or -1 minus the index into ANOMALIES."""
    for depth in range(MAX_TUNNELS + 1):
        if at >= end:
            return -1 - LINK_TRUNCATED
        version = u8(data, at) >> 4
        if version == 4:
            place, verifiable = ipv4(data, at, end, wire, packet, counts, checksums)
        elif version == 6:
            place, verifiable = ipv6(data, at, end, wire, packet, counts)
        else:
            return -1 - _IP_VERSION
        if place < 0:
            return place
        stop = at + packet["ip_length"]
        kind, inner = tunnel(data, place, min(stop, end), packet["proto"])
        if kind < 0:
            counts[_TUNNEL_TRUNCATED] += 1
        elif kind > 0 and depth == MAX_TUNNELS:
            counts[_TUNNEL_TOO_DEEP] += 1
        elif kind > 0:
            wire = stop
            end = min(stop, end)
            at = to_internet(data, inner, end, kind, packet)
            if at < 0:
                return at
            continue
        break
    return transport(data, at, place, end, checksums and verifiable, packet, counts)
