"""Record alerts before anything is done about them, however the store feels.

In: alerts as they are told. Out: the same, once they are in the store. The one idea: an alert that was recorded will be
delivered even if the process is killed, so nobody hears of one that was not; when the store refuses (a full disk, a
database that is away) alerts wait in memory and are tried again, and at the end those that are left go to a file, which
the next run takes up. The file has a bound, too: what it has no room for is lost, said and counted; and a line that a
crash cut is put aside, so that it costs no other.

Thousands of windows may end at one moment, and as many alerts wait when the store is back; flows wait while alerts are
recorded, and whoever supervises the service hears nothing. So a step records at most `NEWS_AT_ONCE` of what is news,
and of alerts whose windows are over no more than `OVER_AT_ONCE`, or as many as there is news: no more end than began,
so that they do not pile up. Revisions of one alert stay in their order: no end goes before news of it that is left for
the next step. What a kill leaves unrecorded of an end, the next run tells: to the store the alert is open.
"""

import errno
import hashlib
import logging
import math
import os
import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from io import FileIO
from itertools import islice, takewhile
from pathlib import Path

from redshank.core.errors import ActionError, RedshankError
from redshank.core.files import append_line, replacing
from redshank.core.metrics import LOST, Metrics
from redshank.core.records import Alert
from redshank.pipeline.rest import Rest

MOST_WAITING = 10_000
"""Alerts that wait for the store, of 7 to 10 kB each; past it the oldest go to the file at once, ends first."""
DAMAGED = ".damaged.jsonl"
"""What the file's name ends with where lines are put aside."""
MOST_BYTES = 2**30
"""Of the file: more alerts than may wait, of 3 kB each, some times over."""
LINES_AT_ONCE = 64
"""Of the file, by one write: where the disk is full, so many are lost with the first that finds no room."""
TAKEN_AT_ONCE = 1_000
"""Alerts of the file that are in memory at once."""
MOST_TAKEN = 100_000
"""Of the file, by one start."""
LOST_ALERTS, DAMAGED_ALERTS = "alerts", "damaged_alerts"
OVER_AT_ONCE = 256
"""Alerts that a step records at least, if so many are over: some 0.1 s of work."""
NEWS_AT_ONCE = 1_000
LEAST_PAUSE_S = 1.0
"""Before the store that refused is handed more alerts than `OVER_AT_ONCE` again, however quickly it refused."""

_log = logging.getLogger(__name__)


class Keeping:
    """Alerts on their way into the store.

    Args:
        record: Puts alerts into the store, all or none; ActionError if it cannot.
        rest: File for alerts that could not be recorded; JSON lines, appended to.
        metrics: Counted into.
        pause: How long the store is left alone after it refused.
    """

    def __init__(
        self,
        record: Callable[[Sequence[Alert]], None],
        rest: Path,
        metrics: Metrics,
        pause: Rest | None = None,
    ) -> None:
        self._record, self._rest, self._metrics, self._pause = record, rest, metrics, pause or Rest()
        self._news: list[Alert] = []
        self._over: deque[Alert] = deque()
        self._ids: Counter[str] = Counter()  # of those that are over
        self._refused = False
        self._said: set[str] = set()
        for what in (LOST_ALERTS, DAMAGED_ALERTS):
            metrics.expect(LOST, what=what)

    def resume(self) -> None:
        """Record what an earlier run wrote to the file, at most `MOST_TAKEN` alerts; the next start takes up the rest.

        What was recorded before changes nothing, so whatever goes wrong, the file stays as it is. Lines that are no
        alerts go into another file, for a person. Nobody but the sinks hears of the others: they may be old, and an
        address may be somebody else's by now.
        """
        if not self._rest.exists():
            return
        try:
            done, more = self._take_up()
        except (RedshankError, OSError) as error:
            _log.warning("%s: what an earlier run could not record is still there (%s)", self._rest, error)
            return
        if more:
            _log.warning("%s: %d of its alerts are in the store now; the next start takes up more", self._rest, done)
        else:
            _log.info("%s: its %d alerts are in the store now", self._rest, done)

    def _take_up(self) -> tuple[int, bool]:
        """Record alerts of the file and take them out of it; return how many, and whether there are more lines."""
        done = seen = 0
        aside = _Aside(self._rest.with_suffix(DAMAGED))
        with self._rest.open("rb") as file:
            while lines := list(islice(file, min(TAKEN_AT_ONCE, MOST_TAKEN - seen))):
                found, damaged = _read(lines)
                if new := aside.put(damaged):
                    self._metrics.count(LOST, new, what=DAMAGED_ALERTS)
                    _log.error(
                        "%s: %d lines are damaged or of another version; they are in %s", self._rest, new, aside.path
                    )
                if found:
                    self._record(found)
                done, seen = done + len(found), seen + len(lines)
            if more := next(file, b""):
                with replacing(self._rest) as part, open(part, "wb", opener=_private) as left:
                    left.write(more)
                    shutil.copyfileobj(file, left)
                return done, True
        self._rest.unlink()
        return done, False

    @property
    def unrecorded(self) -> int:
        """Alerts that wait because the store refused."""
        return self._left if self._refused else 0

    @property
    def behind(self) -> bool:
        """Whether alerts wait that the store may take at once."""
        return self._left > 0 and not self._refused

    @property
    def _left(self) -> int:
        return len(self._news) + len(self._over)

    def keep(self, alerts: Sequence[Alert] = ()) -> list[Alert]:
        """Record alerts: a step of them, news first, then those that waited longest.

        Args:
            alerts: New ones; without any, those that wait are tried again.

        Returns:
            What is recorded now and was not before.
        """
        for alert in alerts:
            if alert.over or alert.id in self._ids:
                self._over.append(alert)
                self._ids[alert.id] += 1
            else:
                self._news.append(alert)
        recorded = self._tried() if self._left and self._pause.over() else []
        if (much := self._left - MOST_WAITING) > 0:
            ended = self._ended(much)
            self._write([*ended, *self._begun(much - len(ended))], "; more are only counted until the store takes some")
        self._metrics.set("redshank_unrecorded_alerts", self.unrecorded)
        return recorded

    def finish(self, within_s: float = math.inf) -> list[Alert]:
        """Record what is left, in steps; what the store still refuses, or has no time for, goes to the file.

        Args:
            within_s: How long the next step is begun; one is tried in any case.
        """
        recorded: list[Alert] = []
        ends_s = time.monotonic() + within_s
        while self._left and (step := self._tried()):
            recorded += step
            if time.monotonic() >= ends_s:
                break
        if self._left:
            left = [*self._begun(len(self._news)), *self._ended(len(self._over))]
            self._said.clear()
            self._write(left)
        return recorded

    def _tried(self) -> list[Alert]:
        """Record one step; return it, or nothing if the store refuses."""
        self._pause.begin()
        news = self._news[:NEWS_AT_ONCE]
        ends = self._free(max(OVER_AT_ONCE, len(news)))
        step = [*news, *ends]
        try:
            self._record(step)
        except ActionError as error:
            self._pause.failed(LEAST_PAUSE_S if self._left > OVER_AT_ONCE else 0.0)
            self._metrics.count("redshank_records_failed_total")
            if not self._refused:
                _log.warning("%s; %d alerts wait for the store", error, self._left)
            self._refused = True
            return []
        if self._refused:
            _log.info("the store takes the %d alerts that waited", self._left)
        self._refused = False
        self._said.clear()
        self._begun(len(news))
        self._ended(len(ends))
        return step

    def _free(self, most: int) -> list[Alert]:
        """Return what is over, the oldest first, up to one of which news is left behind."""
        behind = {alert.id for alert in islice(self._news, NEWS_AT_ONCE, None)}
        return list(takewhile(lambda alert: alert.id not in behind, islice(self._over, most)))

    def _begun(self, many: int) -> list[Alert]:
        """Take out what is news, the oldest first."""
        many = max(0, many)
        taken = self._news[:many]
        del self._news[:many]
        return taken

    def _ended(self, many: int) -> list[Alert]:
        """Take out what is over, the oldest first."""
        taken = [self._over.popleft() for _ in range(min(many, len(self._over)))]
        for alert in taken:
            self._ids[alert.id] -= 1
            if not self._ids[alert.id]:
                del self._ids[alert.id]
        return taken

    def _write(self, alerts: Sequence[Alert], then: str = "") -> None:
        """Append alerts to the file, as many as it takes; only whole lines stay in it.

        That is said once while the store refuses, and what comes `then`.
        """
        kept = 0
        try:
            with open(self._rest, "a+b", buffering=0, opener=_private) as file:
                for begin in range(0, len(alerts), LINES_AT_ONCE):
                    some = alerts[begin : begin + LINES_AT_ONCE]
                    _append(file, "".join(f"{alert.to_json()}\n" for alert in some).encode())
                    kept += len(some)
        except OSError as error:
            self._metrics.count(LOST, len(alerts) - kept, what=LOST_ALERTS)
            if "lost" not in self._said:
                _log.critical("%s: %d alerts are lost (%s)%s", self._rest, len(alerts) - kept, error, then)
            self._said.add("lost")
        if kept:
            self._metrics.count("redshank_filed_alerts_total", kept)
            if "filed" not in self._said:
                _log.error("%d alerts could not be recorded; they are in %s%s", kept, self._rest, then)
            self._said.add("filed")


class _Aside:
    """The file for lines that are no alerts: each is in it once, however often the store refuses the others."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._there: set[bytes] | None = None

    def put(self, damaged: Sequence[bytes]) -> int:
        """Append what is not there yet; return how many lines that is."""
        if not damaged:
            return 0
        if self._there is None:
            self._there = set()
            if self.path.exists():
                with self.path.open("rb") as file:
                    self._there.update(map(_digest, file))
        new = {digest: line for line in damaged if (digest := _digest(line)) not in self._there}
        if new:
            append_line(self.path, b"".join(line if line.endswith(b"\n") else line + b"\n" for line in new.values()))
            self._there |= new.keys()
        return len(new)


def _digest(line: bytes) -> bytes:
    return hashlib.blake2b(line.rstrip(b"\n"), digest_size=16).digest()


def _read(lines: Sequence[bytes]) -> tuple[list[Alert], list[bytes]]:
    """Tell which lines are alerts, and which are not."""
    found, damaged = [], []
    for line in lines:
        try:
            found.append(Alert.from_json(line.decode()))
        except (ValueError, TypeError, KeyError):
            damaged.append(line)
    return found, damaged


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o640)


def _append(file: FileIO, lines: bytes) -> None:
    """Append lines, all or none, after ending what a crash left of the last one."""
    size = file.seek(0, os.SEEK_END)
    if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
        lines = b"\n" + lines
    if size + len(lines) > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it may have {MOST_BYTES} bytes")
    if file.write(lines) < len(lines):
        file.truncate(size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
