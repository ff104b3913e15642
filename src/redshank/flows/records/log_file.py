r"""Log files -> stretches of whole lines, in bounded memory.

In: one file or several that follow each other, plain or gzip. Out: pieces of whole lines, about a mebibyte at a time,
each with the word whether a file begins there. A line longer than that is skipped and counted; of a damaged gzip all
that can be read is given. Bytes that are no UTF-8 become `\xNN`, so that they survive as text.
"""

import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Protocol

from redshank.capture.inflate import MAGIC, Inflate
from redshank.core.errors import SourceError

CHUNK = 1 << 20
"""Bytes read at a time; also the longest line that is read."""

Count = Callable[[str, int], None]


@dataclass(frozen=True)
class Piece:
    """A stretch of whole lines.

    Args:
        rows: The lines, the last one perhaps without its newline.
        first: Whether a file begins here.
        where: The file, for messages.
    """

    rows: bytes
    first: bool
    where: str


class Log(Protocol):
    """What gives the lines of a log: `Files`, or `follow.Growing`."""

    def read(self) -> Piece | None:
        """Return the next stretch of whole lines; None if there is nothing, or nothing new."""


class Lines:
    r"""Cuts blocks of bytes behind their last newline.

    Args:
        count: Called with the name of an anomaly and how often it occurred.

    Example:
        >>> lines = Lines(print)
        >>> lines.feed(b"one\ntw"), lines.feed(b"o\n"), lines.feed(b"thr"), lines.end()
        (b'one\n', b'two\n', b'', b'thr')
    """

    def __init__(self, count: Count) -> None:
        self._count = count
        self._rest = b""
        self._skipping = False

    def feed(self, block: bytes) -> bytes:
        """Return the lines that are whole now."""
        cut = block.rfind(b"\n") + 1
        if self._skipping:
            begin = block.find(b"\n") + 1
            if not begin:
                return b""
            self._skipping, self._rest = False, block[cut:]
            return block[begin:cut]
        if cut:
            whole = self._rest + block[:cut]
            self._rest = block[cut:]
            return whole
        self._rest += block
        if len(self._rest) >= CHUNK:
            self._count("line_too_long", 1)
            self._skipping, self._rest = True, b""
        return b""

    def end(self) -> bytes:
        """Return what came after the last newline; a new file may follow."""
        rest, self._rest, self._skipping = self._rest, b"", False
        return rest


class Files:
    """Reads files one after the other.

    Args:
        files: The files, in the order of time.
        count: Called with the name of an anomaly and how often it occurred.
    """

    def __init__(self, files: Iterable[Path], count: Count) -> None:
        self._files = list(files)[::-1]
        self._count = count
        self._stream: BufferedReader | None = None
        self._content: Inflate | None = None
        self._where = ""
        self._first = True
        self._lines = Lines(count)

    def read(self) -> Piece | None:
        """Return the next stretch; None at the end of the last file.

        Raises:
            SourceError: If a file cannot be read, or is a gzip of which nothing can be read.
        """
        while True:
            if self._stream is None:
                if not self._files:
                    return None
                self._open(self._files.pop())
            block = self._block()
            rows = self._lines.feed(block) if block else self._lines.end()
            if self._first and block and not rows and len(block) >= CHUNK:
                rows = block  # no line at all: whoever recognizes the file says what it is
            if not block:
                self._close(nothing=self._first and not rows)
            if rows or (self._first and not block):
                first, self._first = self._first, False
                return Piece(rows, first, self._where)

    def close(self) -> None:
        """Read no more."""
        self._files.clear()
        self._close(nothing=False)

    def _open(self, file: Path) -> None:
        self._where = str(file)
        try:
            self._stream = file.open("rb")
            packed = self._stream.peek(len(MAGIC))[: len(MAGIC)] == MAGIC
        except OSError as error:
            raise unreadable(self._where, error) from None
        self._content = Inflate(self._stream) if packed else None
        self._first = True

    def _block(self) -> bytes:
        assert self._stream is not None
        try:
            if self._content is None:
                return self._stream.read(CHUNK)
            room = bytearray(CHUNK)
            return bytes(room[: self._content.readinto(memoryview(room))])
        except OSError as error:
            raise unreadable(self._where, error) from None

    def _close(self, *, nothing: bool) -> None:
        if self._stream is not None:
            self._stream.close()
        fault = None if self._content is None else self._content.fault
        self._stream = self._content = None
        if fault is not None:
            if nothing:
                raise SourceError(f"{self._where}: damaged gzip, nothing in it can be read")
            self._count(fault, 1)


def regular(file: Path) -> bool:
    """Return whether a file can be read more than once: a pipe cannot."""
    try:
        return stat.S_ISREG(file.stat().st_mode)
    except OSError:
        return False


def unreadable(where: str, error: OSError) -> SourceError:
    """Return the error that says in one line why a file cannot be read."""
    return SourceError(f"{where}: cannot be read ({error.strerror or type(error).__name__})")


def utf8(rows: bytes, count: Count) -> bytes:
    r"""Return lines as valid UTF-8; other bytes become `\xNN`, and the lines that had some are counted.

    Example:
        >>> utf8(b"plain\nb\xffd\n", print)
        not_utf8 1
        b'plain\nb\\xffd\n'
    """
    if rows.isascii():
        return rows
    try:
        rows.decode()
    except UnicodeDecodeError:
        lines = rows.split(b"\n")
        clean = [line.decode("utf-8", "backslashreplace").encode() for line in lines]
        count("not_utf8", sum(a != b for a, b in zip(clean, lines, strict=True)))
        return b"\n".join(clean)
    return rows
