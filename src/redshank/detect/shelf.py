"""A folder of bundles, one of them in service: what replaces it, and why, is written down first.

In: bundles and decisions. Out: the same folder, always in a state that can be read:

    FOLDER/NAME/            a bundle; never changed once it is there
    FOLDER/champion         the one in service: its name, and which decision put it there
    FOLDER/shadow           the one that judges beside it without raising alarms, if any
    FOLDER/decisions.jsonl  every decision with its evidence, one line each, only ever appended to

The one idea: a decision is appended and on disk before the pointer is renamed into place. So a kill at any moment
leaves the old champion or the new one, never neither; a decision that was written but not carried out is carried out by
whoever writes next; a line that was torn is no decision, and the next one says what was left of it. Each line holds the
hash of the one before: a past that was changed is seen.
"""

import fcntl
import hashlib
import json
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from redshank.core.bundle import MANIFEST_FILE, Bundle
from redshank.core.errors import BundleError, ConfigError
from redshank.core.files import replacing, writable_folder
from redshank.core.registry import alternatives

CHAMPION, SHADOW, DECISIONS, LOCK = "champion", "shadow", "decisions.jsonl", ".lock"
PROMOTE, KEEP, ROLLBACK, SHADOWING = "promote", "keep", "rollback", "shadow"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}")
NOBODY = "-"  # what a pointer file says if it names no bundle
TORN_KEPT = 200  # characters of a torn line that the next decision repeats


@dataclass(frozen=True)
class Entry:
    """A decision that was written down.

    Args:
        what: "promote", "keep" (what was considered does not replace the champion), "rollback" or "shadow".
        name: The bundle that it is about; "" if the shadow was taken away.
        champion: The one in service afterwards, or "".
        replaced: The one in service before, or "".
        reason: Why, in words.
        forced: Whether a person decided against the gate, or without it.
        evidence: What it rests on: plain values.
        sha256: Of the graph of `name`, or "".
        at_s: When, in seconds since the epoch.
        torn: What was left of a line before it that never became whole, or "".
        before: Hash of the line before, "" for the first.
    """

    what: str
    name: str
    champion: str
    replaced: str
    reason: str
    forced: bool = False
    evidence: Mapping[str, Any] = field(default_factory=dict)
    sha256: str = ""
    at_s: float = 0.0
    torn: str = ""
    before: str = ""


@dataclass(frozen=True)
class History:
    """What was decided so far.

    Args:
        entries: The oldest first.
        hashes: Of their lines.
        torn: What is left of a last line that never became whole, or "".
        size: Bytes up to the end of the last whole line.
    """

    entries: tuple[Entry, ...]
    hashes: tuple[str, ...]
    torn: str
    size: int

    def champions(self) -> list[str]:
        """Return who was in service, the oldest first; who was rolled back is left out."""
        found: list[str] = []
        for entry in self.entries:
            if entry.what == PROMOTE:
                found.append(entry.name)
            elif entry.what == ROLLBACK and found:
                found.pop()
        return found

    def last(self, *kinds: str) -> int | None:
        """Return the place of the last entry of one of these kinds."""
        return next((at for at in reversed(range(len(self.entries))) if self.entries[at].what in kinds), None)


class Shelf:
    """A folder of bundles, see above; reading it changes nothing.

    Args:
        folder: The folder; the first bundle makes it.
        clock: Tells the time of a decision, in s since the epoch.

    Raises:
        ConfigError: If it is a file.

    Example:
        >>> import tempfile
        >>> Shelf(Path(tempfile.mkdtemp())).names()
        []
    """

    def __init__(self, folder: Path, *, clock: Callable[[], float] = time.time) -> None:
        if folder.is_file():
            raise ConfigError(f"models: '{folder}' is a file; name the folder of a shelf")
        self.folder, self._clock = folder, clock

    def names(self) -> list[str]:
        """Return the names of the bundles, sorted."""
        return sorted(path.parent.name for path in self.folder.glob(f"*/{MANIFEST_FILE}") if _allowed(path.parent.name))

    def champion(self) -> str | None:
        """Return the name of the bundle in service; None if there is none yet."""
        return self._pointer(CHAMPION)[0]

    def shadow(self) -> str | None:
        """Return the name of the bundle that judges beside it; None if there is none."""
        return self._pointer(SHADOW)[0]

    def load(self, name: str) -> Bundle:
        """Read a bundle.

        Raises:
            ConfigError: If there is none of that name.
            BundleError: If it is damaged.
        """
        self._require(name)
        return Bundle.load(self.folder / name)

    def stamp(self) -> tuple[object, ...]:
        """Return what changes when a pointer does; two calls of `stat`, to be compared with an earlier one."""
        found: list[object] = []
        for name in (CHAMPION, SHADOW):
            try:
                status = (self.folder / name).stat()
                found.append((status.st_ino, status.st_mtime_ns, status.st_size))
            except FileNotFoundError:
                found.append(None)
        return tuple(found)

    def history(self) -> History:
        """Read what was decided.

        Raises:
            BundleError: If a line was changed, or is none of ours; its number is named.
        """
        path = self.folder / DECISIONS
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            content = b""
        whole, _, torn = content.rpartition(b"\n")
        entries: list[Entry] = []
        hashes: list[str] = []
        for number, line in enumerate(whole.split(b"\n") if whole else [], start=1):
            entry = _entry(line)
            if entry is None or entry.before != (hashes[-1] if hashes else ""):
                raise BundleError(
                    f"{path}, line {number}: {line[:40].decode(errors='replace')!r} is no decision that follows from "
                    "the line before; the file was changed, put it back from a copy"
                )
            entries.append(entry)
            hashes.append(hashlib.sha256(line).hexdigest())
        left = torn[:TORN_KEPT].decode(errors="replace")
        return History(tuple(entries), tuple(hashes), left, len(content) - len(torn))

    def unfinished(self) -> Entry | None:
        """Return a decision that was written down and not carried out; the next write carries it out."""
        past = self.history()
        return next((past.entries[at] for _, at in self._open(past)), None)

    def put(self, bundle: Bundle, name: str | None = None) -> str:
        """Add a bundle, and return its name.

        Args:
            bundle: The bundle.
            name: What it is called on this shelf; its own name if absent.

        Raises:
            ConfigError: If the name is taken or not allowed, or the folder cannot be written to.
        """
        name = bundle.manifest.name if name is None else name
        if not _allowed(name):
            raise ConfigError(
                f"{self.folder}: {name[:60]!r} is no name for a bundle; letters, digits, '.', '_', '+' and '-' are "
                f"allowed, the first a letter or digit, and not {CHAMPION}, {SHADOW} or {DECISIONS}"
            )
        with self._writing():
            if name in self.names():
                raise ConfigError(
                    f"{self.folder}: there is a bundle '{name}' already, and none is ever changed; choose another name"
                )
            bundle.save(self.folder / name)
        return name

    def promote(
        self, name: str, reason: str, evidence: Mapping[str, Any] | None = None, *, forced: bool = False
    ) -> Entry:
        """Put a bundle in service.

        Args:
            name: The bundle; it must be readable.
            reason: Why, in words.
            evidence: What the decision rests on: plain values.
            forced: Whether a person decided so against the gate, or without it.

        Raises:
            ConfigError: If there is none of that name, or it is in service already.
            BundleError: If it, or the file of decisions, is damaged.
        """
        with self._writing() as past:
            now = self.champion() or ""
            if name == now:
                raise ConfigError(f"{self.folder}: '{name}' is in service already; nothing was done")
            entry = Entry(PROMOTE, name, name, now, reason, forced, evidence or {}, self._sha256(name))
            return self._decide(past, entry)

    def keep(self, name: str, reason: str, evidence: Mapping[str, Any] | None = None) -> Entry:
        """Write down that a bundle was considered and does not replace the champion; see `promote`."""
        with self._writing() as past:
            now = self.champion() or ""
            return self._decide(past, Entry(KEEP, name, now, now, reason, False, evidence or {}, self._sha256(name)))

    def rollback(self, reason: str, present: str | None = None) -> Entry:
        """Put the champion before the present one in service again.

        Args:
            reason: Why, in words.
            present: The champion as whoever decides saw it; if another one is in service by now, nothing is done.

        Raises:
            ConfigError: If there was none before, its bundle is gone, or `present` is not in service.
            BundleError: If it, or the file of decisions, is damaged.
        """
        with self._writing() as past:
            now, before = self.champion(), past.champions()
            if present not in (None, now):
                raise ConfigError(f"{self.folder}: '{now}' is in service by now, not '{present}'; nothing was done")
            if before and before[-1] == now:
                before.pop()
            if not before:
                raise ConfigError(f"{self.folder}: no champion before '{now or '(none)'}'; nothing to roll back to")
            name = before[-1]
            return self._decide(past, Entry(ROLLBACK, name, name, now or "", reason, False, {}, self._sha256(name)))

    def set_shadow(self, name: str | None, reason: str = "") -> Entry:
        """Let a bundle judge beside the champion, or none; see `promote`."""
        with self._writing() as past:
            now = self.champion() or ""
            sha256 = "" if name is None else self._sha256(name)
            return self._decide(past, Entry(SHADOWING, name or "", now, now, reason, False, {}, sha256))

    def _decide(self, past: History, entry: Entry) -> Entry:
        """Append a decision, then carry it out."""
        before = past.hashes[-1] if past.hashes else ""
        entry = Entry(**{**asdict(entry), "at_s": self._clock(), "torn": past.torn, "before": before})
        line = json.dumps(asdict(entry), sort_keys=True, allow_nan=False).encode()
        with (self.folder / DECISIONS).open("ab") as file:
            file.truncate(past.size)
            file.write(line + b"\n")
            file.flush()
            os.fsync(file.fileno())
        self._carry_out(entry, hashlib.sha256(line).hexdigest())
        return entry

    def _carry_out(self, entry: Entry, digest: str) -> None:
        if entry.what == KEEP:
            return
        path = self.folder / (SHADOW if entry.what == SHADOWING else CHAMPION)
        with replacing(path) as part, part.open("w") as file:
            file.write(f"{entry.name or NOBODY} {digest}\n")
            file.flush()
            os.fsync(file.fileno())

    def _open(self, past: History) -> Iterator[tuple[str, int]]:
        """Give the pointers that do not follow the last decision about them, though they followed an earlier one."""
        for pointer, kinds in ((CHAMPION, (PROMOTE, ROLLBACK)), (SHADOW, (SHADOWING,))):
            at = past.last(*kinds)
            if at is None:
                continue
            _, digest = self._pointer(pointer)
            # Who writes a name into the file by hand gives no hash, or one of no decision: that is left as it is.
            if digest != past.hashes[at] and (digest is None or digest in past.hashes):
                yield pointer, at

    @contextmanager
    def _writing(self) -> Iterator[History]:
        """Let one process write at a time, and carry out first what was left open."""
        writable_folder(self.folder, str(self.folder))
        with (self.folder / LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            past = self.history()
            for _, at in self._open(past):
                self._carry_out(past.entries[at], past.hashes[at])
            yield past

    def _pointer(self, pointer: str) -> tuple[str | None, str | None]:
        """Return the name in a pointer file, and the hash of the decision that wrote it; None where there is none."""
        try:
            words = (self.folder / pointer).read_text(errors="replace").split()
        except FileNotFoundError:
            return None, None
        known = len(words) > 0 and _allowed(words[0])
        return (words[0] if known else None), (words[-1] if words else "")

    def _require(self, name: str) -> None:
        if name not in self.names():
            raise ConfigError(f"{self.folder}: no bundle '{name[:60]}'; {alternatives(name, self.names())}")

    def _sha256(self, name: str) -> str:
        return self.load(name).manifest.sha256


def _allowed(name: str) -> bool:
    return NAME.fullmatch(name) is not None and name not in (CHAMPION, SHADOW, DECISIONS)


def _entry(line: bytes) -> Entry | None:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or set(values) != {each.name for each in fields(Entry)}:
        return None
    return Entry(**values)
