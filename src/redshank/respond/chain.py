"""Lines of which each holds the digest of the one before: a changed, missing or moved line shows.

In: an event, or the lines of a journal. Out: a line, or the events with every line checked. The one idea: a line is
checked by writing it anew and comparing letter by letter, so there is one spelling for each event.

What this does not show: lines cut off at the end. (The kernel tells of actions that the ledger no longer knows.)
A line that is not whole, as a power cut leaves one at the end, is told apart from one that was changed: it is counted
and passed over, and the next line follows on the last whole one.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from redshank.core.errors import ActionError

BEGIN = "0" * 64
"""What the first line follows on."""
_AFTER = '"note": '
_text = json.JSONEncoder(sort_keys=True, allow_nan=False).encode
MOST_TORN = 20
"""Torn lines that are told by their numbers."""


@dataclass(frozen=True)
class Event:
    """What became of an action, or what a person allowed.

    Args:
        what: One of `ledger.EVENTS`.
        at_s: When, s since the epoch.
        by: Who: "policy", "kernel", "never_block", or a person.
        action: Id of the action; "" if none.
        note: Why, in words.
        record: The action itself, as JSON, when it is proposed.
        until_s: Until when it holds: an applied action, an allowance; until when an undone action's target is allowed.
        backend: Where it was applied.
        target: Address that an allowance is for.
        approval: Whether a proposed action waits for a person.
    """

    what: str
    at_s: float
    by: str
    action: str = ""
    note: str = ""
    record: str = ""
    until_s: float | None = None
    backend: str = ""
    target: str = ""
    approval: bool = False


def line_of(event: Event, number: int, before: str) -> str:
    """Return the event as a line.

    Args:
        event: What happened.
        number: Place in the journal, from 0.
        before: Digest in the line before; BEGIN for the first.

    Raises:
        ValueError: If a time is not finite.
    """
    values: dict[str, Any] = {"number": number, "before": before, **vars(event)}
    text = _text(values)
    digest = hashlib.sha256(text.encode()).hexdigest()
    # Where it stands by the order of the keys; in what somebody wrote a quote has a backslash before it.
    return text.replace(_AFTER, f'"digest": "{digest}", {_AFTER}', 1)


@dataclass
class Chain:
    """What was read of a journal so far.

    Args:
        read: Lines seen, torn ones among them; the number of the next line.
        digest: Digest of the last whole line.
        torn: Lines that were not whole.
        torn_at: Numbers of the first MOST_TORN of them, counted from 1.
    """

    read: int = 0
    digest: str = BEGIN
    torn: int = 0
    torn_at: tuple[int, ...] = ()

    def take(self, lines: Sequence[str]) -> list[Event]:
        """Check further lines and return their events.

        Raises:
            ActionError: If a line was changed, or one is missing before it; it is named, and none of these is taken.
        """
        ahead = replace(self)
        events = []
        for line in lines:
            event = ahead._event(line)  # noqa: SLF001  of the same class
            if event is not None:
                events.append(event)
            ahead.read += 1
        self.read, self.digest, self.torn, self.torn_at = ahead.read, ahead.digest, ahead.torn, ahead.torn_at
        return events

    def _event(self, line: str) -> Event | None:
        try:
            values = json.loads(line)
        except (ValueError, RecursionError):
            self.torn += 1
            self.torn_at = (*self.torn_at, self.read + 1)[:MOST_TORN]
            return None
        try:
            digest = values.pop("digest")
            number, before = values.pop("number"), values.pop("before")
            event = Event(**values)
            whole = line_of(event, number, before) == line
        except (AttributeError, KeyError, TypeError, ValueError):
            whole = False
        if not whole:
            raise ActionError(f"ledger: line {self.read + 1} was changed after it was written; {_ADVICE}")
        if number != self.read or before != self.digest:
            raise ActionError(
                f"ledger: line {self.read + 1} does not follow on the one before (it says that it is line "
                f"{number + 1}): lines were taken out, put in or moved; {_ADVICE}"
            )
        self.digest = digest
        return event


_ADVICE = (
    "nothing is enforced on its word. Find out who wrote to the store, restore it from a backup or begin another; "
    "what is in the kernel runs out by itself, and `redshank respond flush` lifts it now"
)
