"""Read all captures of a folder, oldest first, and go on as more are written.

In: a folder. Out: the Blocks of its captures, in the order of their first packets; files that are no captures are
counted. The one idea: while following, a capture is done when a younger one has begun and nothing more stood in it
after that: so write `tcpdump -G`, `tcpdump -C` and `dumpcap -b`. Until then its end is the end for now, and a record
that is cut there is no damage. Time is what packets say: nothing tells until when the wire was watched.

One writer to a folder: of two, one would be waited for. A name that is used again (`tcpdump -W`) is read again; what
`tcpdump -z gzip` packs is not. Only whole captures may be gzip.
Source: tcpdump(8), dumpcap(1).
"""

import math
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from redshank.capture.capture_file import CUT, CaptureFile
from redshank.capture.source import Block, PacketSource
from redshank.capture.sources.pcap import Pcap
from redshank.core.errors import ConfigError, SourceError

LOOK_S = 0.05
"""How long to wait before looking again."""

OTHER, SHUT = "not_a_capture", "capture_unreadable"
LATE = "capture_grew_late"
"""Counted when a capture that was done has more in it: somebody else wrote to the folder too. That part is not read."""

_Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class _Seen:
    """A file as it was last looked at: inode, size, time of change; time of its first packet, infinite if none yet."""

    stamp: _Stamp
    first_ns: float
    capture: bool


class Folder(PacketSource):
    """The captures of a folder; folders in it are not looked at.

    Args:
        path: The folder.
        follow: Go on as captures grow and new ones appear, until `stop`.
        idle_s: While following, end when nothing came for so many seconds; None: never.

    Raises:
        ConfigError: If there is no such folder.
        SourceError: If it cannot be read, or holds no capture and is not followed.
    """

    def __init__(self, path: Path, *, follow: bool = False, idle_s: float | None = None) -> None:
        self.path = path
        self.anomalies: dict[str, int] = {}
        self._follow = follow
        self._idle_s = math.inf if idle_s is None else idle_s
        self._seen: dict[str, _Seen] = {}
        self._done: dict[str, _Seen] = {}
        self._progress_s = 0.0
        if not self._waiting() and not follow:
            others = len(self._seen)
            raise SourceError(
                f"capture folder {str(path)!r}: holds no capture with a packet in it ({others} other files); "
                "name one with pcap or pcapng files, plain or gzip, or follow it until there are some"
            )

    def blocks(self) -> Iterator[Block]:
        """Give the frames of all captures; every call starts over.

        Raises:
            ConfigError: If the folder is gone.
            SourceError: If a capture cannot be read.
        """
        self.anomalies.clear()
        self._seen, self._done = {}, {}
        self._progress_s = time.monotonic()
        while not self.stopping:
            waiting = self._waiting()
            if waiting:
                yield from self._capture(waiting[0])
            elif not self._follow or not self._rest():
                return

    def _capture(self, name: str) -> Iterator[Block]:
        seen = self._seen[name]
        found: dict[str, int] = {}
        younger = False

        def more() -> bool:
            nonlocal younger
            if younger or not self._follow:
                return False
            younger = any(other != name for other in self._waiting())
            return younger or self._rest()

        try:
            with (self.path / name).open("rb", buffering=0) as stream:
                for block in CaptureFile(stream, repr(str(self.path / name)), found).blocks(more):
                    seen = _Seen(seen.stamp, min(seen.first_ns, float(block.ts_ns[0])), capture=True)
                    self._progress_s = time.monotonic()
                    yield block
                    if self.stopping:
                        break
                size = stream.tell()
        except FileNotFoundError:  # the writer took it away before we came to it, or packed it
            found, size = {"capture_gone": 1}, 0
        except OSError as error:
            raise SourceError(
                f"capture {str(self.path / name)!r}: cannot be read ({error.strerror}); see that you may read it"
            ) from None
        if self._follow and not younger:
            for cut in CUT:
                found.pop(cut, None)
        for fault, count in found.items():
            self.anomalies[fault] = self.anomalies.get(fault, 0) + count
        inode, _, changed = seen.stamp
        self._done[name] = _Seen((inode, size, changed), seen.first_ns, capture=True)

    def _waiting(self) -> list[str]:
        """Look at the folder; return the captures that are not done, in the order in which they are to be read."""
        present = self._stamps()
        self._seen = {name: seen for name, seen in self._seen.items() if name in present}
        self._done = {name: seen for name, seen in self._done.items() if name in present or f"{name}.gz" in present}
        for name, stamp in present.items():
            old = self._seen.get(name)
            if old is None or (old.stamp != stamp and (name in self._done or old.first_ns == math.inf)):
                self._seen[name] = self._look(name, stamp)
        others = [name for name, seen in self._seen.items() if not seen.capture and seen.stamp[1] > 0]
        shut = sum(not os.access(self.path / name, os.R_OK, effective_ids=True) for name in others)
        for fault, count in ((OTHER, len(others) - shut), (SHUT, shut)):
            if count:
                self.anomalies[fault] = count
        waiting = [
            (seen.first_ns, seen.stamp[2], name)
            for name, seen in self._seen.items()
            if seen.capture and (self._follow or seen.first_ns < math.inf) and not self._is_over(name, seen)
        ]
        return [name for _, _, name in sorted(waiting)]

    def _is_over(self, name: str, seen: _Seen) -> bool:
        """Say whether there is nothing to read in this capture, because it was read before."""
        plain = name.removesuffix(".gz")
        if self._follow and plain != name and (plain in self._seen or plain in self._done):
            return True
        done = self._done.get(name)
        if done is None:
            return False
        # A name that is used again holds other packets; the same capture may have been written to after we left it.
        if done.stamp[0] != seen.stamp[0] or done.first_ns != seen.first_ns:
            del self._done[name]
            return False
        if seen.stamp[1] > done.stamp[1] and not name.endswith(".gz"):
            self.anomalies[LATE] = self.anomalies.get(LATE, 0) + 1
            self._done[name] = _Seen((seen.stamp[0], sys.maxsize, seen.stamp[2]), seen.first_ns, capture=True)
        return True

    def _look(self, name: str, stamp: _Stamp) -> _Seen:
        """See whether a file is a capture, and of when; one that holds less than its first packet may become one."""
        try:
            block = next(Pcap(self.path / name).blocks(), None)
        except (SourceError, ConfigError):
            return _Seen(stamp, math.inf, capture=False)
        return _Seen(stamp, math.inf if block is None else float(block.ts_ns[0]), capture=True)

    def _stamps(self) -> dict[str, _Stamp]:
        stamps = {}
        try:
            for entry in self.path.iterdir():
                try:
                    about = entry.stat()
                except OSError:  # gone between two looks, or a link to nowhere
                    continue
                if entry.is_file():
                    stamps[entry.name] = (about.st_ino, about.st_size, about.st_mtime_ns)
        except FileNotFoundError:
            raise ConfigError(f"capture: there is no folder {str(self.path)!r}; name a folder of captures") from None
        except NotADirectoryError:
            raise ConfigError(f"capture: {str(self.path)!r} is no folder; name it as a file") from None
        except OSError as error:
            raise SourceError(
                f"capture folder {str(self.path)!r}: cannot be read ({error.strerror}); name one that you may read"
            ) from None
        return stamps

    def _rest(self) -> bool:
        """Wait a moment; False if it is time to end."""
        if self.stopping or time.monotonic() - self._progress_s > self._idle_s:
            return False
        time.sleep(LOOK_S)
        return not self.stopping
