"""MQTT 3.1.1 packets: enough for a client that connects, subscribes and publishes.

In: fields. Out: bytes; and back. No input or output of its own.
Source: MQTT Version 3.1.1, OASIS Standard (sections 2 and 3).
"""

import asyncio
import struct
from dataclasses import dataclass

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK = 1, 2, 3, 4, 8, 9
PINGREQ, PINGRESP, DISCONNECT = 12, 13, 14
MAX_LENGTH = 65536
"""Longer packets are refused: nothing in the lab needs them."""


@dataclass(frozen=True)
class Packet:
    """One control packet.

    Args:
        kind: Packet type, 1 to 14.
        flags: The low four bits of the first byte.
        body: Variable header and payload.
    """

    kind: int
    flags: int
    body: bytes


def _text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("!H", len(data)) + data


def encode(kind: int, body: bytes = b"", *, flags: int = 0) -> bytes:
    """Return a packet's bytes, its length in the variable-length form of section 2.2.3.

    Example:
        >>> encode(PINGREQ).hex()
        'c000'
    """
    length = len(body)
    digits = bytearray()
    while True:
        length, digit = divmod(length, 128)
        digits.append(digit | (0x80 if length else 0))
        if not length:
            return bytes((kind << 4 | flags,)) + bytes(digits) + body


def connect(client: str, user: str, password: str, keep_alive_s: int) -> bytes:
    """Return CONNECT with a clean session, a user name and a password (section 3.1)."""
    head = _text("MQTT") + struct.pack("!BBH", 4, 0b11000010, keep_alive_s)
    return encode(CONNECT, head + _text(client) + _text(user) + _text(password))


def publish(topic: str, payload: bytes, *, ident: int = 0) -> bytes:
    """Return PUBLISH; QoS 1 if `ident` (1 to 65535) is given, else QoS 0 (section 3.3)."""
    if ident:
        return encode(PUBLISH, _text(topic) + struct.pack("!H", ident) + payload, flags=0b0010)
    return encode(PUBLISH, _text(topic) + payload)


def subscribe(ident: int, topic: str, qos: int = 0) -> bytes:
    """Return SUBSCRIBE to one topic filter (section 3.8)."""
    return encode(SUBSCRIBE, struct.pack("!H", ident) + _text(topic) + bytes((qos,)), flags=0b0010)


def puback(publication: Packet) -> bytes | None:
    """Return the answer that a received PUBLISH asks for, None at QoS 0 or if it is malformed."""
    if not publication.flags & 0b0110 or len(publication.body) < 2:
        return None
    at = 2 + int.from_bytes(publication.body[:2], "big")
    ident = publication.body[at : at + 2]
    return encode(PUBACK, ident) if len(ident) == 2 else None


def decode(data: bytes) -> tuple[Packet, int] | None:
    """Return the first packet of `data` and how many bytes it took; None if incomplete or malformed."""
    length, shift, at = 0, 0, 1
    while True:
        if at >= len(data) or at > 4:
            return None
        digit = data[at]
        length |= (digit & 0x7F) << shift
        shift += 7
        at += 1
        if not digit & 0x80:
            break
    if length > MAX_LENGTH or len(data) < at + length or not 1 <= data[0] >> 4 <= 14:
        return None
    return Packet(data[0] >> 4, data[0] & 0x0F, data[at : at + length]), at + length


async def read(reader: asyncio.StreamReader) -> Packet | None:
    """Read the next packet; None at the end of the stream or if it is malformed."""
    try:
        data = await reader.readexactly(2)
        while data[-1] & 0x80 and len(data) < 5:
            data += await reader.readexactly(1)
        length = sum((digit & 0x7F) << 7 * n for n, digit in enumerate(data[1:]))
        if length > MAX_LENGTH:
            return None
        found = decode(data + await reader.readexactly(length))
    except asyncio.IncompleteReadError:
        return None
    return found[0] if found else None
