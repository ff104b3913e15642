"""What is done against devices: what waits for a person, what holds, what is over, and the ledger behind it.

In: the ledger of a store. Out: its actions by what a person can do about them, and its lines. The one idea: a ledger is
what its lines say, so all of them are checked anew now and then, however often pages are looked at; in between only
what is new is read. Lines that are letter for letter those that were checked before hold as they held then, and to
compare them is far cheaper. What cannot be believed is said, and nothing else of it is shown.
"""

import hashlib
import json
import threading
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from redshank.alerts.allow import AllowList
from redshank.console.request_error import RequestError
from redshank.core.allowance import Allowance
from redshank.core.errors import ActionError, StoreError
from redshank.pipeline.taking_back import Unfounded, unfounded
from redshank.respond.chain import Event, line_of
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Protected
from redshank.respond.states import Entry
from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.runs import ENDED, Runs

if TYPE_CHECKING:  # a desk has a book
    from redshank.console.desk import Desk

CHECKED_EVERY_S = 30.0
"""How old the check of all lines may be."""
SEEN_EVERY_S = 10.0
"""How old the never-block list may be that a page shows: to look around takes some 50 ms."""
COMPARED_AT_ONCE = 1_000
"""Lines."""
MOST_WORDS = 8
WAITING, ACTIVE, OVER = "waiting", "active", "over"


@dataclass(frozen=True)
class State:
    """The ledger at one moment.

    Args:
        waiting: Actions that wait for a person or for the breaker, the newest first.
        active: Those approved or in force.
        over: Those of which nothing holds any more, the last to end first.
        allowed: Addresses that nothing is done against for a while, until when, and who said so.
        held_up: Why the breaker lets nothing be approved now, or "".
        approved_lately: Actions approved within the breaker's minute.
        lines: Lines that were checked.
        torn_at: Numbers of lines that were not whole, the first of them.
        problem: Why the ledger cannot be believed, or "".
        checked_at_s: When all lines were checked.
    """

    waiting: tuple[Entry, ...] = ()
    active: tuple[Entry, ...] = ()
    over: tuple[Entry, ...] = ()
    allowed: tuple[tuple[str, float, str], ...] = ()
    held_up: str = ""
    approved_lately: int = 0
    lines: int = 0
    torn_at: tuple[int, ...] = ()
    problem: str = ""
    checked_at_s: float = 0.0

    def fitting(self, words: Sequence[str]) -> "State":
        """Return the same with only those actions that have each of these words in target, reason or note."""
        wanted = [word.lower() for word in words]

        def those(some: tuple[Entry, ...]) -> tuple[Entry, ...]:
            texts = ((one, f"{one.action.target} {one.action.reason} {one.by} {one.note}".lower()) for one in some)
            return tuple(one for one, text in texts if all(word in text for word in wanted))

        if not wanted:
            return self
        return replace(self, waiting=those(self.waiting), active=those(self.active), over=those(self.over))

    def against(self, addresses: Sequence[str]) -> list[Entry]:
        """Return the actions against any of these addresses, what waits and holds first."""
        return [one for one in (*self.waiting, *self.active, *self.over) if one.action.target in addresses]


@dataclass(frozen=True)
class Actions:
    """What a person may look through.

    Args:
        state: The ledger, with only those actions that fit.
        over: Those of which nothing holds any more, a page of them, the last to end first.
        after: What the next page begins after; None: there is none.
        silent: Whether no service was heard of that would carry out what is decided.
    """

    state: State
    over: tuple[Entry, ...]
    after: tuple[float, str] | None
    silent: bool


@dataclass(frozen=True)
class Line:
    """A line of the ledger.

    Args:
        number: From 1.
        event: What it says; None if it is torn or says nothing.
        digest: Of the line.
        whole: Whether it is as it was written; whether it follows on the one before is another question.
    """

    number: int
    event: Event | None
    digest: str
    whole: bool


class ReadOnce(Journal):
    """The lines of a ledger that reads each once, in order; it can tell later whether they are still the same.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._count, self._digest = 0, hashlib.sha256()

    def lines(self, since: int = 0, limit: int | None = None) -> list[str]:
        """Return lines, as a journal does; `since` is the number of those that were returned before."""
        found = super().lines(since, limit)
        self._count += len(found)
        for line in found:
            _add(self._digest, line)
        return found

    def append(self, at: int, line: str) -> bool:
        """Write a line, as a journal does; whoever wrote it need not read it."""
        written = super().append(at, line)
        if written:
            self._count += 1
            _add(self._digest, line)
        return written

    def is_same(self) -> bool:
        """Tell whether what was returned is still there, letter for letter."""
        digest = hashlib.sha256()
        for at in range(0, self._count, COMPARED_AT_ONCE):
            for line in super().lines(at, min(COMPARED_AT_ONCE, self._count - at)):
                _add(digest, line)
        return digest.digest() == self._digest.digest()


@dataclass
class Book:
    """The ledger, as several threads look at it.

    Args:
        desk: Where it lies.
    """

    desk: "Desk"
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _looking: threading.Lock = field(default_factory=threading.Lock, init=False)
    _ledger: Ledger | None = field(default=None, init=False)
    _read: ReadOnce | None = field(default=None, init=False)
    _problem: str = field(default="", init=False)
    _checked_at_s: float = field(default=0.0, init=False)
    _protected: Protected | None = field(default=None, init=False)
    _seen_at_s: float = field(default=0.0, init=False)

    def state(self) -> State:
        """Return what it says now."""
        now_s = self.desk.now_s()
        with self._lock:
            ledger = self._now(now_s)
            if ledger is None:
                return State(problem=self._problem, checked_at_s=self._checked_at_s)
            return _state(ledger, now_s, self._checked_at_s)

    @contextmanager
    def writing(self) -> Iterator[Ledger]:
        """Give the ledger as it is now to one who acts; meanwhile everybody else waits who asks this book.

        Raises:
            ActionError: If lines of it were changed.
        """
        with self._lock:
            ledger = self._now(self.desk.now_s())
            if ledger is None:
                raise ActionError(self._problem)
            yield ledger

    def protected(self) -> Protected:
        """Return the never-block list, as of the last seconds.

        Raises:
            ActionError: If the kernel cannot be asked.
        """
        now_s = self.desk.now_s()
        with self._looking:
            if self._protected is None or not 0 <= now_s - self._seen_at_s < SEEN_EVERY_S:
                self._protected, self._seen_at_s = self.desk.protected(), now_s
            return self._protected

    def lines(self, limit: int, before: int | None = None) -> list[Line]:
        """Return lines, the newest first.

        Args:
            limit: How many at most.
            before: Number of the last one of the page before.
        """
        journal = Journal(self.desk.database)
        end = journal.count() if before is None else max(0, before - 1)
        begin = max(0, end - limit)
        found = journal.lines(begin, end - begin)
        return [line_at(begin + at, text) for at, text in enumerate(found)][::-1]

    def history(self, action: str) -> list[Line]:
        """Return the lines about an action, in order."""
        return [line_at(at, text) for at, text in Journal(self.desk.database).about(action)]

    def _now(self, now_s: float) -> Ledger | None:
        """Return the ledger as it is now; None if it cannot be believed."""
        if not 0 <= now_s - self._checked_at_s < CHECKED_EVERY_S or not (self._ledger or self._problem):
            self._check(now_s)
        elif self._ledger:
            self._refresh(self._ledger)
        return None if self._problem else self._ledger

    def _check(self, now_s: float) -> None:
        """Check every line: read it anew, unless it is the same as when it was checked before."""
        if self._ledger and self._read and self._read.is_same():
            self._refresh(self._ledger)
            self._checked_at_s = now_s
            return
        self._ledger, self._problem = None, ""
        try:
            self._read = ReadOnce(self.desk.database)
            self._ledger = self.desk.ledger(self._read)
        except StoreError:  # it says nothing of the ledger that it cannot be read for a while
            raise
        except ActionError as error:
            self._problem = str(error)
        self._checked_at_s = now_s

    def _refresh(self, ledger: Ledger) -> None:
        try:
            ledger.refresh()
        except StoreError:
            raise
        except ActionError as error:
            self._ledger, self._problem = None, str(error)


def actions(desk: "Desk", book: Book, q: str, after: tuple[float, str] | None, limit: int) -> Actions:
    """Return the actions, and a page of those that are over.

    Args:
        desk: The desk.
        book: The ledger.
        q: Words, each to be found in target, reason, person or note.
        after: As the page before tells.
        limit: How many of those that are over, at most.
    """
    state, run = book.state().fitting(q.split()[:MOST_WORDS]), Runs(desk.database).latest()
    over = [one for one in state.over if after is None or _place(one) < after]
    silent = run is None or run.state == ENDED or run.silent_s(desk.now_s()) > 0
    return Actions(state, tuple(over[:limit]), _place(over[limit - 1]) if len(over) > limit else None, silent)


def unsupported(desk: "Desk", supposed: Collection[str] = (), allowance: Allowance | None = None) -> Unfounded:
    """Return the open actions whose alerts are called false, or covered; of a ledger that does not hold none.

    Args:
        desk: The desk.
        supposed: Alerts that are taken as called false.
        allowance: One that is taken as given.
    """
    state, now_s = desk.book.state(), desk.now_s()
    if not (state.active or state.waiting):
        return Unfounded()
    allow = AllowList([*([allowance] if allowance else []), *desk.allowances.standing(now_s)])
    return unfounded(desk.alerts, allow, (*state.active, *state.waiting), now_s, supposed)


def entry(desk: "Desk", name: str) -> Entry:
    """Return an action and what became of it.

    Raises:
        RequestError: If there is none of this id.
    """
    try:
        with desk.book.writing() as ledger:
            return ledger.find(name)
    except ActionError as error:
        raise RequestError(404, str(error)) from None


def _place(one: Entry) -> tuple[float, str]:
    return one.changed_s, one.action.id


def line_at(place: int, text: str) -> Line:
    """Read a line.

    Args:
        place: Its number, from 0.
        text: As it stands in the journal.
    """
    try:
        values = json.loads(text)
        digest, number, before = (values.pop(name) for name in ("digest", "number", "before"))
        event = Event(**values)
        whole = line_of(event, number, before) == text and number == place
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        return Line(place + 1, None, "", whole=False)
    return Line(place + 1, event, str(digest), whole=whole)


def _add(digest: "hashlib._Hash", line: str) -> None:
    digest.update(f"{len(line)}:{line}".encode())


def _state(ledger: Ledger, now_s: float, checked_at_s: float) -> State:
    newest = sorted(ledger.entries(), key=_place, reverse=True)

    def those(*states: str) -> tuple[Entry, ...]:
        return tuple(one for one in newest if one.state in states)

    return State(
        waiting=those("proposed"),
        active=those("approved", "applied"),
        over=those("expired", "undone", "refused", "failed"),
        allowed=tuple(ledger.addresses.allowances(now_s)),
        held_up=ledger.held_up(now_s),
        approved_lately=ledger.approved_lately(now_s),
        lines=ledger.read,
        torn_at=ledger.torn_at,
        checked_at_s=checked_at_s,
    )
