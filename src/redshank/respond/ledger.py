"""What became of every action: proposed, approved, applied, expired, undone, refused, failed.

In: an event that somebody wants to happen. Out: a line in a journal, if the state that the action is in lets it. The
one idea: the journal is all the state there is. A ledger is what its lines say, so it survives a restart, and several
processes (the service, a person at a terminal) share one: each reads what the others wrote before it writes, and a line
is written at the place after the last that its writer has read, or not at all. Lines are read some at a time, and of
what is over the latest is remembered, so a ledger of any length takes the same memory.

The never-block list is asked at every step toward the kernel. A breaker counts approvals: what comes faster than it
allows waits for a person, who is bound by it too. Undoing an action allows its target for a while, so that the next
alert about it does not act again.
"""

import math
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from sys import intern
from typing import Protocol

from redshank.core.errors import ActionError
from redshank.core.records import MEASURES, Action
from redshank.respond.addresses import Addresses
from redshank.respond.chain import Chain, Event, line_of
from redshank.respond.protected import Protected
from redshank.respond.states import NEXT, OPEN, Breaker, Entry
from redshank.respond.target import canonical

ALLOW_S = 86_400.0
"""How long undoing an action allows its target, unless said otherwise."""
STALE_S = 86_400.0
"""After how long a proposal that nobody approved lapses."""
MINUTE_S = 60.0
FINISHED_KEPT = 4_000
"""Actions that are over and of which details are kept, up to a quarter more; the lines of all others stay."""
ANSWERED_KEPT = 20_000
"""Alerts because of which something was proposed: more than a breaker of ten a minute lets act in a day."""
MOST_TRIES = 50
READ_AT_ONCE = 2_000
"""Lines."""


class Journal(Protocol):
    """Where lines are kept; the store has one."""

    def append(self, at: int, line: str) -> bool:
        """Write `line` as line number `at`, from 0, durable when it returns; False if there is one already."""
        ...

    def lines(self, since: int = 0, limit: int | None = None) -> Sequence[str]:
        """Return lines from number `since` on, in order; all of them without a limit."""
        ...


class Ledger:
    """All actions of one journal, as of the last `refresh`; nothing is read before the first.

    Args:
        journal: Where lines are kept.
        protected: Gives the never-block list as it is now.
        breaker: How much may happen.
    """

    def __init__(self, journal: Journal, protected: Callable[[], Protected], breaker: Breaker | None = None) -> None:
        self._journal, self._protected = journal, protected
        self.breaker = breaker or Breaker()
        self._chain = Chain()
        self._entries: dict[str, Entry] = {}
        self._open: dict[str, Entry] = {}
        self.addresses = Addresses()
        self._answered_s: dict[str, float] = {}
        self._approved_s: deque[float] = deque(maxlen=self.breaker.per_minute)
        self.tell: Callable[[Entry], None] | None = None
        """Called with every action that comes into another state after the first `refresh`, by whoever."""
        self._begun = False
        self._false = ""
        self.left_out = 0
        """Actions that are over and no longer remembered."""

    @property
    def torn(self) -> int:
        """Lines of the journal that were not whole."""
        return self._chain.torn

    @property
    def torn_at(self) -> tuple[int, ...]:
        """Numbers of the first of them, counted from 1."""
        return self._chain.torn_at

    @property
    def read(self) -> int:
        """Lines of the journal that were read and follow on each other."""
        return self._chain.read

    def refresh(self) -> None:
        """Read what was written since.

        Raises:
            ActionError: If lines of the journal were changed.
        """
        if self._false:
            raise ActionError(self._false)
        lines: Sequence[str] | None = None
        while lines is None or len(lines) == READ_AT_ONCE:
            lines = self._journal.lines(self._chain.read, READ_AT_ONCE)
            for event in self._chain.take(lines):
                self._take(event)
        self._begun = True

    def entries(self) -> list[Entry]:
        """Return all actions that are remembered, the oldest first: what is not over, and the latest of what is."""
        return list(self._entries.values())

    def answered_s(self, alert: str) -> float:
        """Return when something was proposed last because of an alert, in s since the epoch; -inf: never lately."""
        return self._answered_s.get(alert, -math.inf)

    def open(self) -> list[Entry]:
        """Return the actions that are not over, the oldest first."""
        return list(self._open.values())

    def find(self, name: str) -> Entry:
        """Return the action with this id, or the beginning of one that fits no other.

        Raises:
            ActionError: If there is none, or more than one.
        """
        found = [entry for key, entry in self._entries.items() if name and key.startswith(name)]
        if len(found) != 1:
            problem = f"{len(found)} actions begin with" if found else "there is no action"
            raise ActionError(f"ledger: {problem} {name[:40]!r}; `redshank respond list` shows them")
        return found[0]

    def approved_lately(self, now_s: float) -> int:
        """Return how many actions were approved within the breaker's minute."""
        return sum(0 <= now_s - at_s < MINUTE_S for at_s in self._approved_s)

    def pressure(self, now_s: float) -> dict[str, tuple[int, int]]:
        """Return how much of each of the breaker's bounds is used, and the bound, by the bound's name."""
        return {
            "per_minute": (self.approved_lately(now_s), self.breaker.per_minute),
            "most_active": (self._holding(), self.breaker.most_active),
            "most_waiting": (sum(entry.state == "proposed" for entry in self.open()), self.breaker.most_waiting),
        }

    def held_up(self, now_s: float) -> str:
        """Return why the breaker lets nothing be approved now, or ""."""
        if len(self._approved_s) >= self.breaker.per_minute and 0 <= now_s - self._approved_s[0] < MINUTE_S:
            return (
                f"{self.breaker.per_minute} actions were approved within a minute, which is all it allows; wait, and "
                "see whether somebody forges addresses"
            )
        holding = self._holding()
        if holding >= self.breaker.most_active:
            return f"{holding} actions hold, which is all it allows; undo some"
        return ""

    def _holding(self) -> int:
        return sum(entry.state in {"approved", "applied"} for entry in self.open())

    def propose(self, action: Action, now_s: float, *, approval: bool) -> Entry:
        """Take up an action.

        Args:
            action: What is to be done; its target in canonical form.
            now_s: The time, s since the epoch.
            approval: Whether a person must approve it.

        Raises:
            ActionError: If its target is protected, allowed, acted on at least as hard already, or too much is waiting.
        """

        def check() -> None:
            target = action.target
            if action.measure == "notify":
                raise ActionError(f"ledger: to notify is no action against {target}; nothing is noted")
            try:
                plain = canonical(target) == target
            except ValueError:
                plain = False
            if not plain:
                raise ActionError(f"ledger: {target[:64]!r} is not the canonical form of an address")
            self._check(action)
            if words := self.addresses.allowed(target, now_s):
                raise ActionError(
                    f"ledger: {target} is allowed {words}; `redshank respond allow {target} --for 0` ends it"
                )
            mine = [entry for entry in self.open() if entry.action.target == target]
            if any(MEASURES.index(entry.action.measure) >= MEASURES.index(action.measure) for entry in mine):
                raise ActionError(f"ledger: {mine[0].action.measure} against {target} is {mine[0].state} already")
            # What nobody has to approve does not wait, so proposals that do cannot crowd it out.
            if approval and sum(entry.state == "proposed" for entry in self.open()) >= self.breaker.most_waiting:
                raise ActionError(
                    f"ledger: {self.breaker.most_waiting} proposals are waiting, which is all; approve or undo some"
                )

        event = Event("proposed", now_s, action.by, action.id, action.reason, action.to_json(), approval=approval)
        self._append(event, check)
        return self._entries[action.id]

    def approve(self, name: str, by: str, now_s: float) -> Entry:
        """Let a proposed action happen.

        Raises:
            ActionError: If it is not waiting, its target is protected by now, or the breaker is open.
        """
        entry = self.find(name)

        def check() -> None:
            self._check(entry.action)
            if words := self.held_up(now_s):
                raise ActionError(f"ledger: the breaker is open: {words}")

        self._append(Event("approved", now_s, by, entry.action.id), check)
        return self._entries[entry.action.id]

    def applied(self, name: str, now_s: float, left_s: float, backend: str) -> Entry:
        """Note that an action is in force.

        Args:
            name: The action.
            now_s: The time, s since the epoch.
            left_s: For how long from now.
            backend: Where.

        Raises:
            ActionError: If it is not approved, or its target is protected.
        """
        entry = self.find(name)
        until_s = now_s + min(left_s, entry.action.ttl_s)
        if entry.until_s is not None:
            until_s = min(until_s, entry.until_s)
        event = Event("applied", now_s, "kernel", entry.action.id, until_s=until_s, backend=backend)
        self._append(event, lambda: self._check(entry.action))
        return self._entries[entry.action.id]

    def expire(self, name: str, now_s: float, why: str) -> None:
        """Note that an action's time is over, or that a proposal lapsed."""
        self._append(Event("expired", now_s, "kernel", self.find(name).action.id, why))

    def fail(self, name: str, now_s: float, why: str) -> None:
        """Note that a backend could not carry an action out."""
        self._append(Event("failed", now_s, "kernel", self.find(name).action.id, why))

    def undo(self, name: str, by: str, now_s: float, why: str, *, allow_s: float = ALLOW_S) -> Entry:
        """Take an action back, whatever state it is in, and allow its target for a while.

        Args:
            name: The action.
            by: Who takes it back.
            now_s: The time, s since the epoch.
            why: Why, in words.
            allow_s: For how long its target is not acted on; 0: not at all.

        Raises:
            ActionError: If it is over.
        """
        entry = self.find(name)
        what = "undone" if entry.state == "applied" else "refused"
        until_s = now_s + allow_s if allow_s else None
        try:
            self._append(Event(what, now_s, by, entry.action.id, why, until_s=until_s))
        except ActionError:
            # It was applied while we looked: what it is taken back from is the kernel.
            if what == "undone" or self.find(name).state != "applied":
                raise
            self._append(Event("undone", now_s, by, entry.action.id, why, until_s=until_s))
        return self._entries[entry.action.id]

    def allow(self, target: str, by: str, now_s: float, allow_s: float, why: str) -> None:
        """Let nothing be proposed against a target for a while; 0 ends what was allowed before.

        Raises:
            ActionError: If the target is no address.
        """
        try:
            plain = canonical(target)
        except ValueError as error:
            raise ActionError(f"ledger: {error}") from None
        self._append(Event("allowed", now_s, by, note=why, until_s=now_s + allow_s, target=plain))

    def _check(self, action: Action) -> None:
        if (reason := self._protected().why(action.target)) is not None:
            raise ActionError(f"ledger: {action.target} is protected: {reason}; nothing is done against it")

    def _append(self, event: Event, check: Callable[[], None] = lambda: None) -> None:
        for _ in range(MOST_TRIES):
            self.refresh()
            check()
            if event.what != "allowed":
                state = self._entries[event.action].state if event.action in self._entries else ""
                if event.what not in NEXT.get(state, ()):
                    raise ActionError(
                        f"ledger: action {event.action} is {state or 'not known'}, it cannot be {event.what}"
                    )
            line = line_of(event, self._chain.read, self._chain.digest)
            if self._journal.append(self._chain.read, line):
                self._chain.take([line])
                self._fold(event)
                return
        raise ActionError(f"ledger: others wrote to it {MOST_TRIES} times before we could; try again")

    def _take(self, event: Event) -> None:
        try:
            self._fold(event)
        except (KeyError, TypeError, ValueError) as error:
            # Whoever asks again is not told that all is well after it.
            self._false = f"ledger: a line about action {event.action!r} says nothing ({error})"
            raise ActionError(self._false) from None

    def _fold(self, event: Event) -> None:
        if event.what == "allowed":
            self.addresses.allow(event.target, event)
            return
        if event.what == "proposed":
            action = _one_of_each(Action.from_json(event.record))
            note = action.reason if event.note == action.reason else event.note
            entry = Entry(action, "proposed", event.approval, event.at_s, intern(event.by), note)
            self._answer(action)
            self._forget()
        else:
            entry = self._entries[event.action]
            self._reckon(entry, event)
            entry = replace(
                entry,
                state=intern(event.what),
                approval=False,
                changed_s=event.at_s,
                by=intern(event.by),
                note=intern(event.note),
                until_s=event.until_s if event.what == "applied" else entry.until_s,
                backend=intern(event.backend) or entry.backend,
            )
        name = entry.action.id
        self._entries[name] = entry
        if entry.state in OPEN:
            self._open[name] = entry
        else:
            self._open.pop(name, None)
        if self.tell and self._begun:
            self.tell(entry)

    def _reckon(self, before: Entry, event: Event) -> None:
        target = before.action.target
        if event.what == "approved":
            self._approved_s.append(event.at_s)
        elif event.what == "applied" and before.state != "applied":
            self.addresses.strike(before.action)
        elif event.what == "undone":
            # Whoever undoes it says that it was a mistake.
            self.addresses.absolve(before.action)
        if event.what in {"undone", "refused"} and event.until_s is not None:
            self.addresses.allow(target, event)

    def _forget(self) -> None:
        if len(self._entries) - len(self._open) <= FINISHED_KEPT + FINISHED_KEPT // 4:
            return
        over = [name for name in self._entries if name not in self._open]
        for name in over[:-FINISHED_KEPT]:
            del self._entries[name]
            self.left_out += 1

    def _answer(self, action: Action) -> None:
        if not action.alert:
            return
        self._answered_s[action.alert] = max(action.at_s, self._answered_s.pop(action.alert, -math.inf))
        if len(self._answered_s) > ANSWERED_KEPT:
            del self._answered_s[next(iter(self._answered_s))]


def _one_of_each(action: Action) -> Action:
    """Return the action with words that many have in common, of which memory holds one each."""
    return replace(action, measure=intern(action.measure), by=intern(action.by), reason=intern(action.reason))
