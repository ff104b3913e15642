"""Decode what nearly every frame is, in one go: Ethernet, perhaps one VLAN tag, IPv4 or IPv6, then TCP, UDP or ICMP.

In: the place of an Ethernet frame. Out: its PACKET record, the very same that decode.py gives; or False, if there is
anything about the frame that is not plain (options in the wrong place, a fragment, a tunnel, an error): then nothing is
counted, what was written is void, and decode.py has to look.
The one idea: one check of the length for all that is then read without any, and each field stored once. Places are
unsigned: numba spends three instructions on every read to let a signed index count from the end.
Source: as decode.py, transport.py and tunnel.py.
"""

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from redshank.capture.packet import PLAIN
from redshank.capture.transport import ICMP, ICMPV6, TCP, UDP
from redshank.capture.tunnel import AYIYA_MARK, UDP_TUNNELS, looks_like_teredo
from redshank.capture.words import Bytes, u16, u32, u64
from redshank.core.kernel import lean_kernel

# numba knows them as the types they are; mypy as what makes one whole number of another.
U = cast("Callable[[int], int]", np.uint64)
I = cast("Callable[[int], int]", np.int64)  # noqa: E741  the signed counterpart of U

ETHERNET = 1
"""Its LINKTYPE_ value."""

MAX_WIRE = 1 << 24
"""A frame's length on the wire is a number in a file: no larger one is believed, so that all lengths fit in 32 bits."""

LEAST = 42
"""Captured bytes of the smallest frame that may be plain: Ethernet, IPv4, UDP or ICMP."""

_TUNNEL_BITS = sum(1 << (port & 63) for port in UDP_TUNNELS)
"""Bit (port & 63) is set for each port of a tunnel: few others pass, and only those are compared one by one."""


@lean_kernel
def plain_frames(
    data: Bytes,
    offset: npt.NDArray[np.int64],
    captured: npt.NDArray[np.int32],
    length: npt.NDArray[np.int64],
    ts_ns: npt.NDArray[np.int64],
    link_type: npt.NDArray[np.int32],
    vlan: npt.NDArray[np.int32],
    index: int,
    packets: npt.NDArray[Any],
    n: int,
    most: int,
) -> int:
    """Decode Ethernet frames as long as they are plain; return how many were, one record each.

    Args:
        data: The bytes that hold the frames.
        offset: Where each starts.
        captured: Captured bytes of each.
        length: Bytes of each on the wire.
        ts_ns: Their times.
        link_type: Their LINKTYPE_ values.
        vlan: What the network card took out of each, -1 if nothing; may be empty.
        index: The first frame.
        packets: Records; every field is written of those whose frames are plain.
        n: Where the first record goes.
        most: Frames at most.
    """
    most = min(most, len(offset) - index)
    for k in range(most):
        frame = U(index + k)
        here = I(captured[frame])
        if link_type[frame] != ETHERNET or here < LEAST:
            return k
        wire = max(min(length[frame], MAX_WIRE), here)
        at = U(offset[frame])
        tag = I(vlan[frame]) if len(vlan) else -1
        packet = packets[U(n + k)]
        ethertype = u16(data, at + U(12))
        link = 14
        if ethertype == 0x8100 and here >= LEAST + 4:
            if tag < 0:
                tag = u16(data, at + U(14)) & 0x0FFF
            ethertype = u16(data, at + U(16))
            link = 18
        ip = at + U(link)
        if ethertype == 0x0800:
            total = u16(data, ip + U(2))
            if data[ip] != 0x45 or u16(data, ip + U(6)) & 0x3FFF or link + total > wire or total < 28:
                return k
            header = 20
            proto = I(data[ip + U(9)])
            ping = ICMP
            packet["version"] = 4
            packet["src_hi"] = 0
            packet["src_lo"] = u32(data, ip + U(12))
            packet["dst_hi"] = 0
            packet["dst_lo"] = u32(data, ip + U(16))
        elif ethertype == 0x86DD:
            if here < link + 48:
                return k
            total = 40 + u16(data, ip + U(4))
            if data[ip] >> 4 != 6 or link + total > wire or total < 48:
                return k
            header = 40
            proto = I(data[ip + U(6)])
            ping = ICMPV6
            packet["version"] = 6
            packet["src_hi"] = u64(data, ip + U(8))
            packet["src_lo"] = u64(data, ip + U(16))
            packet["dst_hi"] = u64(data, ip + U(24))
            packet["dst_lo"] = u64(data, ip + U(32))
        else:
            return k
        top = ip + U(header)
        left = here - link - header  # captured from the transport header on, at least 8
        size = total - header  # by the IP header
        if proto == TCP:
            if left < 20 or size < 20:
                return k
            inner = I(data[top + U(12)] >> 4) * 4
            if inner < 20 or inner > size:
                return k
            packet["src_port"] = u16(data, top)
            packet["dst_port"] = u16(data, top + U(2))
            packet["seq"] = u32(data, top + U(4))
            packet["ack"] = u32(data, top + U(8))
            packet["tcp_flags"] = data[top + U(13)]
            packet["window"] = u16(data, top + U(14))
        elif proto == UDP:
            source, target = u16(data, top), u16(data, top + U(2))
            if u16(data, top + U(4)) != size:
                return k
            if (_TUNNEL_BITS >> (source & 63) | _TUNNEL_BITS >> (target & 63)) & 1 and (
                source in UDP_TUNNELS or target in UDP_TUNNELS
            ):
                return k
            inner = 8
            if left >= 11 and size >= 11:  # AYIYA and Teredo are known on any port
                first = I(data[top + U(8)])
                if u16(data, top + U(9)) == AYIYA_MARK:
                    return k
                if (first == 0 or first >> 4 == 6) and looks_like_teredo(data, I(top) + 8, I(top) + min(size, left)):
                    return k
            packet["src_port"] = source
            packet["dst_port"] = target
            packet["seq"] = 0
            packet["ack"] = 0
            packet["tcp_flags"] = 0
            packet["window"] = 0
        elif proto == ping:
            inner = 8
            packet["src_port"] = data[top]
            packet["dst_port"] = data[top + U(1)]
            packet["seq"] = 0
            packet["ack"] = 0
            packet["tcp_flags"] = 0
            packet["window"] = 0
        else:
            return k
        packet["ts_ns"] = ts_ns[frame]
        packet["proto"] = proto
        packet["bad_checksum"] = 0
        packet["payload_length"] = size - inner
        packet["ip_length"] = total
        packet["dst_mac"] = u64(data, at) >> U(16)
        packet["src_mac"] = u64(data, at + U(6)) >> U(16)
        packet["payload_offset"] = top + U(inner)
        packet["payload_captured"] = max(min(size, left) - inner, 0)
        packet["vlan"] = tag
        packet["depth"] = 0
        packet["carrier"] = PLAIN
    return most
