"""A log that grows and is rotated, read as it grows.

In: the path that its writer appends to. Out: the same pieces of whole lines as from finished files; None while there is
nothing new. A half-written last line waits for its rest. The writer may rename the file and begin a new one under the
old name: the old one is read to its end first, and files that came and went between two looks are read in between. It
may also cut the file and write on from its beginning; what was cut before we looked is lost, and the cut is counted.
Source: Zeek's and Suricata's ways to rotate; copytruncate of logrotate(8).
"""

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from io import BufferedReader
from pathlib import Path

from redshank.flows.records.log_file import CHUNK, Count, Files, Lines, Piece, unreadable
from redshank.flows.source import FlowSource


class Growing:
    """Reads a log as it grows.

    Args:
        path: The file that is written to; it need not exist yet.
        rotated: Lists its rotated files, in the order of time.
        known: Names, as `plain` gives them, of the rotated files that were there when the following began.
        history: Whether those are read before; otherwise they never are.
        count: Called with the name of an anomaly and how often it occurred.
    """

    def __init__(
        self, path: Path, rotated: Callable[[], list[Path]], known: Iterable[str], count: Count, *, history: bool
    ) -> None:
        self._path = path
        self._rotated = rotated
        self._count = count
        self._known = set(known)
        old = [file for file in rotated() if plain(file) in self._known] if history else []
        self._before: deque[Files] = deque([Files(old, count)])
        self._stream: BufferedReader | None = None
        self._lines = Lines(count)
        self._first = True

    def read(self) -> Piece | None:
        """Return the next stretch of whole lines; None if nothing is new.

        Raises:
            SourceError: If a file is there and cannot be read.
        """
        while self._before:
            piece = self._before[0].read()
            if piece is not None:
                return piece
            self._before.popleft()
        try:
            while self._stream is not None or self._opened():
                piece = self._piece()
                if piece is not None:
                    return piece
                if not self._moved():
                    break
                if (piece := self._piece()) is not None:  # what was written between our look and the rotation
                    return piece
                rest = self._lines.end()
                first, self._first = self._first, True
                self._queue_missed()
                if rest:
                    return Piece(rest, first, str(self._path))
        except OSError as error:
            raise unreadable(str(self._path), error) from None
        return self.read() if self._before else None

    def finish(self) -> Piece | None:
        """Return a last line that has no newline, if there is one, and read no more."""
        rest = self._lines.end()
        self.close()
        return Piece(rest, self._first, str(self._path)) if rest else None

    def close(self) -> None:
        """Read no more."""
        for files in self._before:
            files.close()
        self._before.clear()
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def _opened(self) -> bool:
        self._queue_missed()
        if self._before:
            return False
        try:
            self._stream = self._path.open("rb")
        except FileNotFoundError:
            return False
        return True

    def _piece(self) -> Piece | None:
        assert self._stream is not None
        while block := self._stream.read(CHUNK):
            rows = self._lines.feed(block)
            if rows:
                first, self._first = self._first, False
                return Piece(rows, first, str(self._path))
        return None

    def _moved(self) -> bool:
        """Look at the file under our path: begin anew if it was cut; return whether it is another one."""
        assert self._stream is not None
        here = os.fstat(self._stream.fileno())
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False  # renamed, and the new one has not begun
        if (here.st_dev, here.st_ino) != (there.st_dev, there.st_ino):
            return True
        if there.st_size < self._stream.tell():
            self._count("log_cut", 1)
            self._stream.seek(0)
            self._lines.end()
            self._first = True
        return False

    def _queue_missed(self) -> None:
        """Leave the rotated file, if we had one; queue those that were begun and rotated since, which we never saw."""
        here = None if self._stream is None else os.fstat(self._stream.fileno())
        new = [file for file in self._rotated() if plain(file) not in self._known]
        self._known |= {plain(file) for file in new}
        if self._stream is not None and here is not None:
            self._stream.close()
            self._stream = None
            ours = [file for file in new if _same(file, here)] or new[:1]  # packed or moved already: then the first
            new = [file for file in new if file not in ours]
        if new:
            self._before.append(Files(new, self._count))


def grown(source: FlowSource, growing: Growing, idle_s: float | None) -> Iterator[tuple[Piece | None, bool]]:
    """Give what is new in a log, or None several times a second while nothing is; and last of all what is left.

    Args:
        source: Whose log it is: it ends when it is asked to stop, as it is if a person interrupts.
        growing: The log.
        idle_s: End after so many seconds without a new line; None: never.

    Returns:
        Pieces, and of each whether it is the last.
    """
    last = time.monotonic()
    while True:
        piece = growing.read()
        now = time.monotonic()
        if piece is None and (source.stopping or (idle_s is not None and now - last > idle_s)):
            yield growing.finish(), True
            return
        last = now if piece is not None else last
        yield piece, False
        if piece is None and not _waited():
            source.stop()


def _same(file: Path, here: os.stat_result) -> bool:
    try:
        there = file.stat()
    except OSError:
        return False
    return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)


def plain(file: Path) -> str:
    """Return the name that a rotated file had before it was packed."""
    return file.name.removesuffix(".gz")


def _waited(seconds: float = 0.1) -> bool:
    """Wait before the next look; return False if a person interrupts, which ends what is followed in good order."""
    try:
        time.sleep(seconds)
    except KeyboardInterrupt:
        return False
    return True
