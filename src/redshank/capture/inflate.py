"""Read a gzip stream as if it were the plain file.

In: a binary stream of gzip members. Out: their content, straight into the caller's buffer, in bounded memory.
The one idea: damage is not an exception but the end of the content, with its name in `fault`: all that was readable
before it is given.
Source: RFC 1952.
"""

import zlib
from typing import Protocol

MAGIC = b"\x1f\x8b"
TRUNCATED, CORRUPT = "gzip_truncated", "gzip_corrupt"

_COMPRESSED_BYTES = 1 << 18
_GZIP_WINDOW = 31  # zlib's way to say: a gzip header and trailer around 32 KiB of window


class Stream(Protocol):
    """What we need of a binary file."""

    def readinto(self, buffer: memoryview, /) -> int | None:
        """Fill `buffer` from its start; 0 means that there is no more."""


class Inflate:
    """The content of a gzip stream, members joined; zeros behind the last member are padding.

    Args:
        stream: The compressed bytes.
        start: Bytes of it that were read already.

    Example:
        >>> import gzip, io
        >>> content = Inflate(io.BytesIO(gzip.compress(b"redshank")))
        >>> buffer = bytearray(20)
        >>> content.readinto(memoryview(buffer)), bytes(buffer[:8]), content.fault
        (8, b'redshank', None)
    """

    def __init__(self, stream: Stream, start: bytes = b"") -> None:
        self.fault: str | None = None
        self._stream = stream
        self._compressed = bytearray(_COMPRESSED_BYTES)
        self._waiting = start
        self._member: zlib._Decompress | None = None
        self._ended = False

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill `buffer`; less than its length only at the end of the content."""
        filled = 0
        while filled < len(buffer) and not self._ended:
            if not self._waiting and not self._more():
                break
            if self._member is None and not self._begin():
                continue
            filled += self._step(buffer[filled:])
        return filled

    def _more(self) -> bool:
        count = self._stream.readinto(memoryview(self._compressed)) or 0
        if count == 0:
            self._end(TRUNCATED if self._member is not None else None)
            return False
        self._waiting = bytes(self._compressed[:count])
        return True

    def _begin(self) -> bool:
        self._waiting = self._waiting.lstrip(b"\0")
        if self._waiting:
            self._member = zlib.decompressobj(_GZIP_WINDOW)
        return self._member is not None

    def _step(self, room: memoryview) -> int:
        member = self._member
        assert member is not None
        before = member.copy()
        try:
            content = member.decompress(self._waiting, len(room))
        except zlib.error:
            content = _up_to_damage(before, self._waiting, len(room))
            self._end(CORRUPT)
        room[: len(content)] = content
        if self._ended:
            return len(content)
        if member.eof:
            self._waiting = member.unused_data
            self._member = None
        else:
            self._waiting = member.unconsumed_tail
        return len(content)

    def _end(self, fault: str | None) -> None:
        self.fault = fault
        self._ended = True


def _up_to_damage(member: "zlib._Decompress", compressed: bytes, size: int) -> bytes:
    """Give what comes out before zlib stops: it throws away the output of the call that finds the damage."""
    content = b""
    for at in range(len(compressed)):
        if len(content) == size:
            break
        try:
            content += member.decompress(compressed[at : at + 1], size - len(content))
        except zlib.error:
            break
    return content
