"""The signature rules of a site: which there are, what they look for, how often they fired, and how that ended.

In: the settings, files of rules and watchlists, the store. Out: `Book`. The one idea: what is shown is what a service
started now would run: the same files, read by the same code; what it would refuse is shown as the problem that it is.
Files are edited on the disk; nothing here writes one.
"""

import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redshank.alerts.severity import SIGNATURES
from redshank.alerts.techniques import NAMES
from redshank.config import Settings
from redshank.core.errors import ConfigError
from redshank.detect.sigma.rule import Rule
from redshank.detect.sigma.ruleset import STARTER, load_rules, rule_files
from redshank.detect.sigma.watchlist import SUFFIX, Watchlist, load_watchlists
from redshank.store.terms import term

if TYPE_CHECKING:  # a desk has a rulebook
    from redshank.console.desk import Desk

COUNTED_EVERY_S = 30.0
"""How old the numbers on a page may be: to count every alert by its rules takes a while."""
MOST_TEXT = 100_000
"""Bytes of a rule's file that are shown."""
HELPER = "helper"
JUDGED = ("acknowledged", "false_alarm", "escalated", "closed")


@dataclass(frozen=True)
class Ruled:
    """A rule and what became of what it hit.

    Args:
        rule: The rule.
        origin: "shipped" or "site".
        state: "in force", "off" (the settings name it), "helper" (another rule counts what it hits), or "not in
            service" (the detector is not among those of the settings).
        ended: Alerts that it was hit in, by what people made of them.
    """

    rule: Rule
    origin: str
    state: str
    ended: Mapping[str, int]

    @property
    def fired(self) -> int:
        """Alerts that it was hit in."""
        return sum(self.ended.values())

    @property
    def judged(self) -> int:
        """Alerts of these that somebody decided about."""
        return sum(self.ended.get(state, 0) for state in JUDGED)

    @property
    def false_share(self) -> float | None:
        """Share of false alarms of those that somebody decided about; None: nobody did."""
        return self.ended.get("false_alarm", 0) / self.judged if self.judged else None

    @property
    def techniques(self) -> list[tuple[str, str]]:
        """ATT&CK ids, and their names where known."""
        return [(one, NAMES.get(one, "")) for one in self.rule.techniques]


@dataclass(frozen=True)
class Listed:
    """A watchlist.

    Args:
        name: As rules call it.
        path: Its file.
        entries: Addresses, networks and names on it.
        changed_s: When the file changed last, s since the epoch.
    """

    name: str
    path: Path
    entries: int
    changed_s: float


@dataclass(frozen=True)
class Book:
    """The rules of a site.

    Args:
        rules: In the order of their names, helpers last.
        watchlists: In the order of their names.
        problems: What is wrong with the site's files, a line each; a service would not start with them.
        folders: Where the site's rules and watchlists lie.
        shipped: Where those lie that ship.
        in_service: Whether the settings let rules judge.
    """

    rules: Sequence[Ruled]
    watchlists: Sequence[Listed]
    problems: Sequence[str]
    folders: Sequence[Path]
    shipped: Path
    in_service: bool


@dataclass(frozen=True)
class _Files:
    rules: Sequence[tuple[Rule, str]]
    watchlists: Sequence[Listed]
    problems: Sequence[str]


class Rulebook:
    """The rules of a site, read again when a file changes.

    Args:
        desk: The settings and the store.
    """

    def __init__(self, desk: "Desk") -> None:
        self._desk = desk
        self._turn = threading.Lock()
        self._counted_s = float("-inf")
        self._counts: Mapping[str, Mapping[str, int]] = {}

    def book(self) -> Book:
        """Return the rules as they are now, with numbers that are COUNTED_EVERY_S old at most."""
        settings = self._desk.settings
        chosen = _chosen(settings)
        off = set(_texts(chosen, "off"))
        paths = [Path(one) for one in _texts(chosen, "rules")]
        watched = [Path(one) for one in _texts(chosen, "watchlists")]
        starter = bool(chosen.get("starter", True))
        in_service = SIGNATURES in settings.detect.detectors
        files = _read(paths, watched, starter=starter)
        counts = self._count()
        rules = [
            Ruled(rule, origin, _state(rule, off, in_service=in_service), counts.get(term(rule.name), {}))
            for rule, origin in files.rules
        ]
        return Book(
            sorted(rules, key=lambda one: (one.state == HELPER, one.rule.name)),
            files.watchlists,
            files.problems,
            [*paths, *watched],
            STARTER,
            in_service,
        )

    def find(self, name: str) -> Ruled | None:
        """Return a rule by its name, however it is written."""
        wanted = term(name)
        return next((one for one in self.book().rules if term(one.rule.name) == wanted), None)

    def _count(self) -> Mapping[str, Mapping[str, int]]:
        with self._turn:
            now_s = self._desk.now_s()
            if not 0 <= now_s - self._counted_s < COUNTED_EVERY_S:
                self._counts, self._counted_s = self._desk.alerts.by_rule(), now_s
            return self._counts


def text_of(rule: Rule) -> str:
    """Return the file of a rule."""
    try:
        with rule.file.open("rb") as file:
            return file.read(MOST_TEXT).decode(errors="replace")
    except OSError as error:
        return f"{rule.file}: cannot be read ({error.strerror})"


def _chosen(settings: Settings) -> Mapping[str, Any]:
    return settings.detectors.get(SIGNATURES, {})


def _texts(chosen: Mapping[str, Any], name: str) -> list[str]:
    found = chosen.get(name, ())
    return [str(one) for one in found] if isinstance(found, list | tuple) else []


def _state(rule: Rule, off: Iterable[str], *, in_service: bool) -> str:
    if rule.name in off:
        return "off"
    if rule.silent:
        return HELPER
    return "in force" if in_service else "not in service"


_known: dict[tuple[object, ...], _Files] = {}
_reading = threading.Lock()


def _read(paths: Sequence[Path], watched: Sequence[Path], *, starter: bool) -> _Files:
    """Read the files, if they changed since they were read last."""
    lists = [file for path in (STARTER, *watched) for file in _list_files(path)]
    files = [*(rule_files(STARTER) if starter else []), *(file for path in paths for file in rule_files(path)), *lists]
    stamp = (starter, tuple(paths), tuple(map(_stamp, files)))
    with _reading:
        if stamp not in _known:
            _known.clear()
            _known[stamp] = _load(paths, watched, lists, starter=starter)
        return _known[stamp]


def _load(paths: Sequence[Path], watched: Sequence[Path], lists: Sequence[Path], *, starter: bool) -> _Files:
    problems: list[str] = []
    try:
        named = load_watchlists((STARTER, *watched))
    except ConfigError as error:
        problems += error.problems
        named = load_watchlists((STARTER,))
    first = [STARTER] if starter else []
    try:
        found = load_rules([*first, *paths], named).rules
    except ConfigError as error:
        problems += error.problems
        found = load_rules(first, named).rules if first else ()
    rules = [(rule, "shipped" if STARTER in rule.file.parents else "site") for rule in found]
    shown = [_listed(file, named) for file in lists if file.stem in named]
    return _Files(rules, sorted(shown, key=lambda one: one.name), problems)


def _list_files(path: Path) -> list[Path]:
    return sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]


def _listed(file: Path, named: Mapping[str, Watchlist]) -> Listed:
    return Listed(file.stem, file, len(named[file.stem]), _stamp(file)[2] / 1e9)


def _stamp(file: Path) -> tuple[str, int, int]:
    try:
        found = file.stat()
    except OSError:
        return str(file), 0, 0
    return str(file), found.st_size, found.st_mtime_ns
