"""Packets made by hand: IPv4 with TCP, ICMP echo, and ARP frames.

In: addresses and header fields. Out: bytes for a raw socket.
Source: RFC 791 (IPv4), RFC 9293 (TCP), RFC 792 (ICMP), RFC 826 (ARP), RFC 1071 (checksum).
"""

import socket
import struct

SYN, RST, ACK = 0x02, 0x04, 0x10


def checksum(data: bytes) -> int:
    """Return the Internet checksum.

    Example:
        >>> hex(checksum(bytes.fromhex("00010203")))
        '0xfdfb'
    """
    padded = data + b"\0" * (len(data) % 2)
    total = int(sum(struct.unpack(f"!{len(padded) // 2}H", padded)))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ipv4(source: str, target: str, proto: int, payload: bytes, *, ident: int, ttl: int = 64) -> bytes:
    """Return an IPv4 packet without options; the kernel fills in the header's checksum."""
    return (
        struct.pack(
            "!BBHHHBBH4s4s",
            0x45,
            0,
            20 + len(payload),
            ident,
            0x4000,
            ttl,
            proto,
            0,
            socket.inet_aton(source),
            socket.inet_aton(target),
        )
        + payload
    )


def tcp(
    source: tuple[str, int], target: tuple[str, int], flags: int, *, seq: int, ack: int = 0, payload: bytes = b""
) -> bytes:
    """Return a TCP segment; a SYN carries a maximum segment size of 1460."""
    options = struct.pack("!BBH", 2, 4, 1460) if flags & SYN else b""
    offset = (20 + len(options)) // 4 << 4
    fields = (source[1], target[1], seq, ack, offset, flags, 64240)
    segment = struct.pack("!HHIIBBHHH", *fields, 0, 0) + options + payload
    pseudo = socket.inet_aton(source[0]) + socket.inet_aton(target[0]) + struct.pack("!BBH", 0, 6, len(segment))
    return segment[:16] + struct.pack("!H", checksum(pseudo + segment)) + segment[18:]


def echo(ident: int, number: int, payload: bytes) -> bytes:
    """Return an ICMP echo request."""
    head = struct.pack("!BBHHH", 8, 0, 0, ident, number)
    return head[:2] + struct.pack("!H", checksum(head + payload)) + head[4:] + payload


def mac_bytes(mac: str) -> bytes:
    """Return a link-layer address as 6 bytes."""
    return bytes.fromhex(mac.replace(":", ""))


def arp_reply(frame_from: str, sender: tuple[str, str], target: tuple[str, str]) -> bytes:
    """Return an Ethernet frame with an ARP reply.

    Args:
        frame_from: Link-layer address the frame is sent from.
        sender: (IPv4 address, link-layer address) that the reply claims.
        target: (IPv4 address, link-layer address) of whom it is told to.
    """
    head = mac_bytes(target[1]) + mac_bytes(frame_from) + struct.pack("!H", 0x0806)
    body = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2)
    return (
        head
        + body
        + mac_bytes(sender[1])
        + socket.inet_aton(sender[0])
        + mac_bytes(target[1])
        + socket.inet_aton(target[0])
    )
