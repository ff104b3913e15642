"""DNS messages: one question, A and AAAA answers, NXDOMAIN.

In: fields. Out: bytes; and back. Malformed bytes give None.
Source: RFC 1035 section 4, RFC 3596 (AAAA).
"""

import ipaddress
import struct
from dataclasses import dataclass

A, AAAA = 1, 28
NO_ERROR, NAME_ERROR = 0, 3


@dataclass(frozen=True)
class Message:
    """A query, or a response to one.

    Args:
        ident: 0 to 65535.
        name: The question's name, without the final dot.
        kind: The question's type.
        response: Whether this is a response.
        code: Response code.
        answers: Addresses found.
    """

    ident: int
    name: str
    kind: int
    response: bool = False
    code: int = NO_ERROR
    answers: tuple[str, ...] = ()


def _name(name: str) -> bytes:
    return b"".join(bytes((len(label),)) + label.encode("ascii") for label in name.split(".")) + b"\0"


def encode(message: Message) -> bytes:
    """Return the message's bytes; labels must be 1 to 63 ASCII characters.

    Example:
        >>> encode(Message(1, "a.b", A)).hex()
        '000101000001000000000000016101620000010001'
    """
    flags = 0x0100 | (0x8480 | message.code if message.response else 0)
    data = struct.pack("!HHHHHH", message.ident, flags, 1, len(message.answers), 0, 0)
    data += _name(message.name) + struct.pack("!HH", message.kind, 1)
    for answer in message.answers:
        packed = ipaddress.ip_address(answer).packed
        data += struct.pack("!HHHIH", 0xC00C, A if len(packed) == 4 else AAAA, 1, 60, len(packed)) + packed
    return data


def decode(data: bytes) -> Message | None:
    """Return the message, None if the bytes are none that this lab sends (compressed names only in answers)."""
    if len(data) < 12:
        return None
    ident, flags, questions, answer_count = struct.unpack_from("!HHHH", data)
    labels: list[str] = []
    at = 12
    while True:
        if at >= len(data) or data[at] > 63 or questions != 1:
            return None
        size = data[at]
        at += 1
        if size == 0:
            break
        if at + size > len(data):
            return None
        labels.append(data[at : at + size].decode("ascii", "replace"))
        at += size
    if at + 4 > len(data) or answer_count > 16:
        return None
    kind = int.from_bytes(data[at : at + 2], "big")
    at += 4
    answers = []
    for _ in range(answer_count):
        if at + 12 > len(data) or data[at] != 0xC0:
            return None
        size = int.from_bytes(data[at + 10 : at + 12], "big")
        packed = data[at + 12 : at + 12 + size]
        if len(packed) != size or size not in (4, 16):
            return None
        answers.append(str(ipaddress.ip_address(packed)))
        at += 12 + size
    return Message(ident, ".".join(labels), kind, bool(flags & 0x8000), flags & 0x0F, tuple(answers))
