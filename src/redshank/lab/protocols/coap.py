"""CoAP messages: GET and PUT over UDP, without blocks and observation.

In: fields. Out: bytes; and back. Malformed bytes give None.
Source: RFC 7252, sections 3 (message format) and 5.10 (options).
"""

import struct
from dataclasses import dataclass

CON, NON, ACK, RST = 0, 1, 2, 3
GET, PUT = 0x01, 0x03
CONTENT, CHANGED, NOT_FOUND = 0x45, 0x44, 0x84
URI_PATH = 11


@dataclass(frozen=True)
class Message:
    """One message.

    Args:
        kind: CON, NON, ACK or RST.
        code: Method or response code, class in the upper three bits.
        ident: Message identifier, 0 to 65535.
        token: 0 to 8 bytes.
        path: Uri-Path segments.
        payload: What follows the payload marker.
    """

    kind: int
    code: int
    ident: int
    token: bytes = b""
    path: tuple[str, ...] = ()
    payload: bytes = b""


def encode(message: Message) -> bytes:
    """Return the message's bytes; path segments must be 1 to 268 bytes.

    Example:
        >>> encode(Message(CON, GET, 1, path=("t",))).hex()
        '40010001b174'
    """
    data = struct.pack("!BBH", 0x40 | message.kind << 4 | len(message.token), message.code, message.ident)
    data += message.token
    number = 0
    for segment in message.path:
        value = segment.encode()
        short = len(value) < 13
        data += bytes(((URI_PATH - number) << 4 | (len(value) if short else 13),))
        data += (b"" if short else bytes((len(value) - 13,))) + value
        number = URI_PATH
    return data + (b"\xff" + message.payload if message.payload else b"")


def decode(data: bytes) -> Message | None:
    """Return the message, None if the bytes are none."""
    if len(data) < 4 or data[0] >> 6 != 1 or data[0] & 0x0F > 8:
        return None
    kind, token_length = data[0] >> 4 & 3, data[0] & 0x0F
    code, ident = data[1], int.from_bytes(data[2:4], "big")
    at = 4 + token_length
    if at > len(data):
        return None
    token, path, number = data[4:at], [], 0
    while at < len(data) and data[at] != 0xFF:
        delta, length = data[at] >> 4, data[at] & 0x0F
        at += 1
        extended = []
        for nibble in (delta, length):
            size = {13: 1, 14: 2}.get(nibble, 0)
            if nibble == 15 or at + size > len(data):
                return None
            offset = {13: 13, 14: 269}.get(nibble)
            extended.append(nibble if offset is None else offset + int.from_bytes(data[at : at + size], "big"))
            at += size
        number += extended[0]
        if at + extended[1] > len(data):
            return None
        if number == URI_PATH:
            path.append(data[at : at + extended[1]].decode("utf-8", "replace"))
        at += extended[1]
    if at == len(data) - 1:
        # A marker with nothing after it is a format error (section 3).
        return None
    return Message(kind, code, ident, token, tuple(path), data[at + 1 :])
