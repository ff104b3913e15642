"""Numbers, texts, lists and structs in Thrift's compact protocol, as far as Parquet's footer needs them.

In: Python values. Out: bytes. A field is (its number, its type, its bytes); a struct's fields ascend.
Source: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from collections.abc import Iterable, Sequence

TRUE, I32, I64, BINARY, LIST, STRUCT = 1, 5, 6, 8, 9, 12
"""Types of fields; that of a boolean is its value."""

Field = tuple[int, int, bytes]


def size(value: int) -> bytes:
    """Return a number >= 0: seven bits to a byte, the lowest first.

    Example:
        >>> size(300).hex()
        'ac02'
    """
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)
    return bytes(out)


def number(value: int) -> bytes:
    """Return an integer: the sign is the lowest bit.

    Example:
        >>> number(-1).hex(), number(1).hex()
        ('01', '02')
    """
    return size(value << 1 if value >= 0 else ~(value << 1))


def text(value: str | bytes) -> bytes:
    """Return a text or bytes: their length goes before.

    Example:
        >>> text("ts").hex()
        '027473'
    """
    content = value.encode() if isinstance(value, str) else value
    return size(len(content)) + content


def several(type_: int, members: Sequence[bytes]) -> bytes:
    """Return a list of members of one type.

    Example:
        >>> several(I32, [number(0), number(3)]).hex()
        '250006'
    """
    count = len(members)
    head = bytes((count << 4 | type_,)) if count < 15 else bytes((0xF0 | type_,)) + size(count)
    return head + b"".join(members)


def struct(fields: Iterable[Field], *, behind: bytes = b"", last: int = 0) -> bytes:
    """Return a struct.

    Args:
        fields: In the order of their numbers, none more than 15 from the one before.
        behind: Fields that are bytes already and come first.
        last: The number of the last of those.

    Example:
        >>> struct([(1, I32, number(2)), (3, STRUCT, struct([]))]).hex()
        '15042c0000'
    """
    parts = [behind]
    for place, type_, content in fields:
        parts += (bytes((place - last << 4 | type_,)), content)
        last = place
    parts.append(b"\0")
    return b"".join(parts)
