"""Craft frames and capture files for tests: each builder wraps bytes in one more header.

In: bytes of the layer above. Out: bytes of this layer, with right lengths and checksums unless told otherwise.
`from frames import ...` works in every test. Read from the inside out:

    ethernet(ipv4(tcp(b"hello", src_port=40000, dst_port=80, flags="PA"), src="10.0.0.1", dst="10.0.0.2"))
"""

import struct
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.capture.packet import PACKET
from redshank.capture.reader import Reader
from redshank.capture.source import Block

ETHERNET, RAW, LINUX_SLL, LINUX_SLL2, NULL, LOOP, PPP, WIFI, RADIOTAP = 1, 101, 113, 276, 0, 108, 9, 105, 127
ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
FLAGS = {"F": 1, "S": 2, "R": 4, "P": 8, "A": 16, "U": 32, "E": 64, "C": 128}
SRC_MAC, DST_MAC = "02:00:00:00:00:01", "02:00:00:00:00:02"
_CHECKSUM_AT = {TCP: 16, UDP: 6, ICMPV6: 2}


def internet_checksum(data: bytes) -> int:
    """Return the ones' complement sum of RFC 1071."""
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def mac(text: str) -> bytes:
    """Return six bytes for "02:00:00:00:00:01"."""
    return bytes.fromhex(text.replace(":", ""))


def ethernet(payload: bytes, ethertype: int | None = None, *, src: str = SRC_MAC, dst: str = DST_MAC) -> bytes:
    """Wrap in Ethernet; the ethertype of IPv4 or IPv6 is seen from the payload. No padding, no FCS."""
    if ethertype is None:
        ethertype = 0x86DD if payload[:1] and payload[0] >> 4 == 6 else 0x0800
    return mac(dst) + mac(src) + struct.pack(">H", ethertype) + payload


def vlan(payload: bytes, vid: int, ethertype: int = 0x0800) -> bytes:
    """Wrap in a VLAN tag; give the result to `ethernet` with ethertype 0x8100 (or 0x88A8)."""
    return struct.pack(">HH", vid, ethertype) + payload


def _with_checksum(payload: bytes, proto: int, pseudo: bytes) -> bytes:
    at = _CHECKSUM_AT.get(proto)
    if at is None or len(payload) < at + 2:
        return payload
    blank = payload[:at] + b"\0\0" + payload[at + 2 :]
    value = internet_checksum(pseudo + blank)
    if proto == UDP and value == 0:
        value = 0xFFFF
    return payload[:at] + struct.pack(">H", value) + payload[at + 2 :]


def ipv4(
    payload: bytes,
    proto: int = TCP,
    *,
    src: str = "10.0.0.1",
    dst: str = "10.0.0.2",
    ttl: int = 64,
    ident: int = 0,
    offset: int = 0,
    more_fragments: bool = False,
    options: bytes = b"",
    total_length: int | None = None,
    checksums: bool = True,
) -> bytes:
    """Wrap in IPv4 (RFC 791) and fill in the checksums of the header and of TCP or UDP.

    Args:
        payload: From the transport header on.
        proto: IP protocol number.
        src, dst: Dotted addresses.
        ttl, ident: Header fields.
        offset: Fragment offset in bytes, a multiple of 8.
        more_fragments: The MF bit.
        options: Option bytes, a multiple of 4.
        total_length: In place of the true one.
        checksums: Fill in the transport checksum (never for fragments); False leaves what the payload has.
    """
    addresses = IPv4Address(src).packed + IPv4Address(dst).packed
    if checksums and not offset and not more_fragments:
        payload = _with_checksum(payload, proto, addresses + struct.pack(">HH", proto, len(payload)))
    words = 5 + len(options) // 4
    length = words * 4 + len(payload) if total_length is None else total_length
    fragment = offset // 8 | (0x2000 if more_fragments else 0)
    head = struct.pack(">BBHHHBBH", 0x40 | words, 0, length, ident, fragment, ttl, proto, 0) + addresses + options
    return head[:10] + struct.pack(">H", internet_checksum(head)) + head[12:] + payload


def ipv6(
    payload: bytes,
    next_header: int = TCP,
    *,
    src: str = "fd00::1",
    dst: str = "fd00::2",
    hop_limit: int = 64,
    payload_length: int | None = None,
    checksums: bool = True,
) -> bytes:
    """Wrap in IPv6 (RFC 8200); `payload` starts with extension headers if there are any."""
    addresses = IPv6Address(src).packed + IPv6Address(dst).packed
    if checksums:
        payload = _with_checksum(payload, next_header, addresses + struct.pack(">IHH", len(payload), 0, next_header))
    length = len(payload) if payload_length is None else payload_length
    return struct.pack(">IHBB", 0x60000000, length, next_header, hop_limit) + addresses + payload


def tcp(
    payload: bytes = b"",
    *,
    src_port: int = 40000,
    dst_port: int = 80,
    seq: int = 1000,
    ack: int = 0,
    flags: str = "A",
    window: int = 65535,
    options: bytes = b"",
) -> bytes:
    """Build a TCP segment (RFC 9293); `flags` are letters of FLAGS; the IP builder fills in the checksum."""
    bits = sum(FLAGS[letter] for letter in flags)
    words = 5 + len(options) // 4
    return struct.pack(">HHIIBBHHH", src_port, dst_port, seq, ack, words << 4, bits, window, 0, 0) + options + payload


def udp(payload: bytes = b"", *, src_port: int = 40000, dst_port: int = 53, length: int | None = None) -> bytes:
    """Build a UDP datagram (RFC 768); the IP builder fills in the checksum."""
    return struct.pack(">HHHH", src_port, dst_port, 8 + len(payload) if length is None else length, 0) + payload


def icmp(kind: int = 8, code: int = 0, payload: bytes = b"", *, rest: int = 0) -> bytes:
    """Build an ICMP message (RFC 792) with its checksum; in IPv6 (next header 58) the IP builder replaces it."""
    message = struct.pack(">BBHI", kind, code, 0, rest) + payload
    return message[:2] + struct.pack(">H", internet_checksum(message)) + message[4:]


def arp(*, src_ip: str = "10.0.0.1", dst_ip: str = "10.0.0.2", src_mac: str = SRC_MAC, reply: bool = False) -> bytes:
    """Build an ARP request or reply (RFC 826); give it to `ethernet` with ethertype 0x0806."""
    head = struct.pack(">HHBBH", 1, 0x0800, 6, 4, 2 if reply else 1)
    return head + mac(src_mac) + IPv4Address(src_ip).packed + bytes(6) + IPv4Address(dst_ip).packed


def pcap(
    frames: Iterable[tuple[int, bytes]],
    *,
    link_type: int = ETHERNET,
    nanoseconds: bool = False,
    big_endian: bool = False,
    snap_length: int = 262144,
) -> bytes:
    """Return a capture file in the classic format, of (time in ns, frame); frames are cut at `snap_length`."""
    order = ">" if big_endian else "<"
    magic, tick_ns = (0xA1B23C4D, 1) if nanoseconds else (0xA1B2C3D4, 1000)
    parts = [struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, snap_length, link_type)]
    for ts_ns, frame in frames:
        seconds, rest = divmod(ts_ns, 1_000_000_000)
        kept = frame[:snap_length]
        parts.append(struct.pack(f"{order}IIII", seconds, rest // tick_ns, len(kept), len(frame)) + kept)
    return b"".join(parts)


def pcapng_block(kind: int, body: bytes, *, big_endian: bool = False) -> bytes:
    """Wrap `body` (padded to 4) in a pcapng block of type `kind`."""
    body += bytes(-len(body) % 4)
    length = struct.pack(">I" if big_endian else "<I", 12 + len(body))
    return struct.pack(">I" if big_endian else "<I", kind) + length + body + length


def section(*, big_endian: bool = False) -> bytes:
    """Return a section header block."""
    return pcapng_block(
        0x0A0D0D0A, struct.pack(f"{'>' if big_endian else '<'}IHHq", 0x1A2B3C4D, 1, 0, -1), big_endian=big_endian
    )


def option(code: int, value: bytes, *, big_endian: bool = False) -> bytes:
    """Return one pcapng option, padded to 4; code 0 with no value ends the options."""
    return struct.pack(f"{'>' if big_endian else '<'}HH", code, len(value)) + value + bytes(-len(value) % 4)


def interface(
    *, link_type: int = ETHERNET, snap_length: int = 0, options: bytes = b"", big_endian: bool = False
) -> bytes:
    """Return an interface description block."""
    order = ">" if big_endian else "<"
    return pcapng_block(1, struct.pack(f"{order}HHI", link_type, 0, snap_length) + options, big_endian=big_endian)


def enhanced(
    frame: bytes, ticks: int = 0, *, number: int = 0, wire: int | None = None, big_endian: bool = False
) -> bytes:
    """Return an enhanced packet block of interface `number`, at `ticks` of its clock."""
    order = ">" if big_endian else "<"
    length = len(frame) if wire is None else wire
    head = struct.pack(f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFFFFFF, len(frame), length)
    return pcapng_block(6, head + frame, big_endian=big_endian)


def pcapng(frames: Iterable[tuple[int, bytes]], *, link_type: int = ETHERNET, big_endian: bool = False) -> bytes:
    """Return a pcapng file of one interface that counts nanoseconds, of (time in ns, frame)."""
    clock = option(9, b"\x09", big_endian=big_endian)
    head = section(big_endian=big_endian) + interface(link_type=link_type, options=clock, big_endian=big_endian)
    return head + b"".join(enhanced(frame, ts_ns, big_endian=big_endian) for ts_ns, frame in frames)


def block(frames: Sequence[bytes], *, link_type: int = ETHERNET, ts_ns: Sequence[int] | None = None) -> Block:
    """Return the frames as one Block, one millisecond apart unless `ts_ns` says otherwise."""
    captured = np.array([len(frame) for frame in frames], np.int32)
    times = [index * 1_000_000 for index in range(len(frames))] if ts_ns is None else ts_ns
    return Block(
        data=np.frombuffer(b"".join(frames), np.uint8).copy(),  # writable, as from a source: one compiled signature
        offset=np.cumsum(captured, dtype=np.int64) - captured,
        captured=captured,
        length=captured.astype(np.int64),
        ts_ns=np.array(times, np.int64),
        link_type=np.full(len(frames), link_type, np.int32),
    )


def decoded(
    frames: Sequence[bytes], *, link_type: int = ETHERNET, checksums: bool = False
) -> tuple[npt.NDArray[Any], dict[str, int]]:
    """Decode the frames; give their PACKET records and the counts that are not zero, by name."""
    reader = Reader(checksums=checksums)
    room = len(reader._packets)
    reader._packets = np.full(room, 0xA5, np.uint8).repeat(PACKET.itemsize).view(PACKET)  # nothing may be left of this
    stretches = [packets.copy() for _, packets in reader.packets(block(frames, link_type=link_type))]
    return np.concatenate(stretches or [np.empty(0, PACKET)]), reader.anomalies
