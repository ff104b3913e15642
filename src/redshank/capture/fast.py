"""Decode what nearly every frame is, in one go: Ethernet, perhaps one VLAN tag, IPv4 or IPv6, then TCP, UDP or ICMP.

In: the place of an Ethernet frame. Out: its PACKET record, the very same that decode.py gives; or False, if there is
anything about the frame that is not plain (options in the wrong place, a fragment, a tunnel, an error): then nothing is
counted, what was written is void, and decode.py has to look.
The one idea: one check of the length for all that is then read without any, and each field stored once. Places are
unsigned: numba spends three instructions on every read to let a signed index count from the end.
Source: as decode.py, transport.py and tunnel.py.
"""

from collections.abc import Callable
from typing import cast

import numpy as np

from redshank.capture.link import Bytes, Record
from redshank.capture.packet import PLAIN
from redshank.capture.transport import ICMP, ICMPV6, TCP, UDP
from redshank.capture.tunnel import AYIYA_MARK, UDP_TUNNELS, looks_like_teredo
from redshank.core.kernel import lean_kernel

# numba knows them as the types they are; mypy as what makes one whole number of another.
U = cast("Callable[[int], int]", np.uint64)
I = cast("Callable[[int], int]", np.int64)  # noqa: E741  the signed counterpart of U

LEAST = 42
"""Captured bytes of the smallest frame that may be plain: Ethernet, IPv4, UDP or ICMP."""

_TUNNEL_BITS = sum(1 << (port & 63) for port in UDP_TUNNELS)
"""Bit (port & 63) is set for each port of a tunnel: few others pass, and only those are compared one by one."""


@lean_kernel
def _u16(data: Bytes, at: int) -> int:
    return I(data[at]) << 8 | I(data[at + U(1)])


@lean_kernel
def _u32(data: Bytes, at: int) -> int:
    return I(data[at]) << 24 | I(data[at + U(1)]) << 16 | I(data[at + U(2)]) << 8 | I(data[at + U(3)])


@lean_kernel
def _u64(data: Bytes, at: int) -> int:
    return (
        U(data[at]) << U(56)
        | U(data[at + U(1)]) << U(48)
        | U(data[at + U(2)]) << U(40)
        | U(data[at + U(3)]) << U(32)
        | U(data[at + U(4)]) << U(24)
        | U(data[at + U(5)]) << U(16)
        | U(data[at + U(6)]) << U(8)
        | U(data[at + U(7)])
    )


@lean_kernel
def plain_frame(
    data: Bytes,
    at: int,
    captured: int,
    wire: int,
    ts_ns: int,
    vlan: int,
    packet: Record,
) -> bool:
    """Decode an Ethernet frame into `packet` if it is plain.

    Args:
        data: The bytes that hold the frame.
        at: Where it starts, unsigned.
        captured: Its captured bytes, LEAST or more.
        wire: Its bytes on the wire, at least `captured`.
        ts_ns: Its time.
        vlan: What the network card took out of it, -1 if nothing.
        packet: The record; every field is written if the frame is plain.
    """
    ethertype = _u16(data, at + U(12))
    link = 14
    if ethertype == 0x8100 and captured >= LEAST + 4:
        if vlan < 0:
            vlan = _u16(data, at + U(14)) & 0x0FFF
        ethertype = _u16(data, at + U(16))
        link = 18
    ip = at + U(link)
    if ethertype == 0x0800:
        length = _u16(data, ip + U(2))
        if data[ip] != 0x45 or _u16(data, ip + U(6)) & 0x3FFF or link + length > wire or length < 28:
            return False
        header = 20
        proto = I(data[ip + U(9)])
        ping = ICMP
        packet["version"] = 4
        packet["src_hi"] = 0
        packet["src_lo"] = _u32(data, ip + U(12))
        packet["dst_hi"] = 0
        packet["dst_lo"] = _u32(data, ip + U(16))
    elif ethertype == 0x86DD:
        if captured < link + 48:
            return False
        length = 40 + _u16(data, ip + U(4))
        if data[ip] >> 4 != 6 or link + length > wire or length < 48:
            return False
        header = 40
        proto = I(data[ip + U(6)])
        ping = ICMPV6
        packet["version"] = 6
        packet["src_hi"] = _u64(data, ip + U(8))
        packet["src_lo"] = _u64(data, ip + U(16))
        packet["dst_hi"] = _u64(data, ip + U(24))
        packet["dst_lo"] = _u64(data, ip + U(32))
    else:
        return False
    top = ip + U(header)
    left = captured - link - header  # captured from the transport header on, at least 8
    size = length - header  # by the IP header
    if proto == TCP:
        if left < 20 or size < 20:
            return False
        inner = I(data[top + U(12)] >> 4) * 4
        if inner < 20 or inner > size:
            return False
        packet["src_port"] = _u16(data, top)
        packet["dst_port"] = _u16(data, top + U(2))
        packet["seq"] = _u32(data, top + U(4))
        packet["ack"] = _u32(data, top + U(8))
        packet["tcp_flags"] = data[top + U(13)]
        packet["window"] = _u16(data, top + U(14))
    elif proto == UDP:
        source, target = _u16(data, top), _u16(data, top + U(2))
        if _u16(data, top + U(4)) != size:
            return False
        if (_TUNNEL_BITS >> (source & 63) | _TUNNEL_BITS >> (target & 63)) & 1 and (
            source in UDP_TUNNELS or target in UDP_TUNNELS
        ):
            return False
        inner = 8
        if left >= 11 and size >= 11:  # AYIYA and Teredo are known on any port
            first = I(data[top + U(8)])
            if _u16(data, top + U(9)) == AYIYA_MARK:
                return False
            if (first == 0 or first >> 4 == 6) and looks_like_teredo(data, I(top) + 8, I(top) + min(size, left)):
                return False
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
        return False
    packet["ts_ns"] = ts_ns
    packet["proto"] = proto
    packet["bad_checksum"] = 0
    packet["payload_length"] = size - inner
    packet["ip_length"] = length
    packet["dst_mac"] = _u64(data, at) >> U(16)
    packet["src_mac"] = _u64(data, at + U(6)) >> U(16)
    packet["payload_offset"] = top + U(inner)
    packet["payload_captured"] = max(min(size, left) - inner, 0)
    packet["vlan"] = vlan
    packet["depth"] = 0
    packet["carrier"] = PLAIN
    return True
