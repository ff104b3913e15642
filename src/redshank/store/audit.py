"""Who did what, and when: appended, in order, for good.

In: what a person or the service did to what the store keeps. Out: the same, newest first. Nothing here changes an
entry, and retention leaves them alone.
"""

import json
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, or_, select

from redshank.core.inert import inert
from redshank.store.database import Database
from redshank.store.tables import AUDIT

NEWEST_KEPT = 64
"""Entries that are remembered, for who reads the store as it was a moment ago."""


@dataclass(frozen=True)
class Entry:
    """What somebody did.

    Args:
        place: 1, 2, 3, ...
        at_s: When, s since the epoch.
        who: A person, or "redshank".
        what: What they did: "alert closed", "retention", ...
        about: The id of what they did it to.
        detail: More of it, as JSON can hold it.
    """

    place: int
    at_s: float
    who: str
    what: str
    about: str
    detail: Mapping[str, Any]


class Audit:
    """The audit of a store; several processes may write it.

    Args:
        database: The store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def write(self, at_s: float, who: str, what: str, about: str, detail: Mapping[str, Any] | None = None) -> None:
        """Write down what somebody did; arguments as of `Entry`."""
        with self._database.writing() as sql:
            note(sql, at_s, who, what, about, detail or {})

    def entries(
        self,
        limit: int = 100,
        before: int | None = None,
        about: str | None = None,
        *,
        who: str | None = None,
        what: str | None = None,
        words: Sequence[str] = (),
        since_s: float | None = None,
        until_s: float | None = None,
    ) -> list[Entry]:
        """Return entries, the newest first.

        Args:
            limit: How many at most.
            before: Place of the last one of the page before.
            about: Only those about this.
            who: Only those of this person.
            what: Only those of what was done, by its first word or in whole: "alert", "alert closed".
            words: Each is to be found in who, what, about or the detail, in any case.
            since_s: From when, s since the epoch.
            until_s: Before when.
        """
        wanted = select(AUDIT).order_by(AUDIT.c.place.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(AUDIT.c.place < before)
        if about is not None:
            wanted = wanted.where(AUDIT.c.about == about)
        if who is not None:
            wanted = wanted.where(AUDIT.c.who == who)
        if what is not None:
            wanted = wanted.where((AUDIT.c.what == what) | AUDIT.c.what.startswith(f"{what} ", autoescape=True))
        if since_s is not None:
            wanted = wanted.where(AUDIT.c.at_s >= since_s)
        if until_s is not None:
            wanted = wanted.where(AUDIT.c.at_s < until_s)
        for word in words:
            columns = (AUDIT.c[name] for name in ("who", "what", "about", "detail"))
            wanted = wanted.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
        with self._database.reading() as sql:
            return [Entry(**row._asdict() | {"detail": json.loads(row.detail)}) for row in sql.execute(wanted)]

    def place_before(self, at_s: float) -> int:
        """Return the place after which to follow what is done from a time on, s since the epoch; reads the whole."""
        with self._database.reading() as sql:
            first = sql.execute(select(func.min(AUDIT.c.place)).where(AUDIT.c.at_s >= at_s)).scalar_one()
            return _last_place(sql) if first is None else int(first) - 1

    def follow(self, after: int, what: str, limit: int = 500) -> tuple[int, list[Entry]]:
        """Return the entries of one kind that were written after a place, in order, and the place to go on from.

        Args:
            after: The place.
            what: What was done, in whole.
            limit: How many at most; the others come the next time.
        """
        wanted = select(AUDIT).where(AUDIT.c.place > after, AUDIT.c.what == what).order_by(AUDIT.c.place).limit(limit)
        with self._database.reading() as sql:
            last = _last_place(sql)
            found = [Entry(**row._asdict() | {"detail": json.loads(row.detail)}) for row in sql.execute(wanted)]
        return found[-1].place if len(found) == limit else last, found


class Newest:
    """The newest entry about something that some thing depends on; each entry is looked at once, for several threads.

    Args:
        database: The store.
        whats: What was done, in whole: one of these.
    """

    def __init__(self, database: Database, whats: Sequence[str]) -> None:
        self._database, self._whats = database, tuple(whats)
        self._guard = threading.Lock()
        self._seen: int | None = None
        self._places: deque[int] = deque(maxlen=NEWEST_KEPT)

    def place(self) -> int:
        """Return its place; one that only grows where an entry was written since this was asked first."""
        with self._database.reading() as sql:
            last = _last_place(sql)
            with self._guard:
                if self._seen is None:
                    self._seen = last
                    self._places.append(last)
                new = select(func.max(AUDIT.c.place)).where(
                    AUDIT.c.place > self._seen, AUDIT.c.what.in_(self._whats)
                )  # fmt: skip
                if last > self._seen:
                    found = sql.execute(new).scalar_one()
                    self._seen = last
                    if found is not None:
                        self._places.append(int(found))
                # What this thread sees may be older than what another saw before.
                return next((one for one in reversed(self._places) if one <= last), last)


def note(sql: Connection, at_s: float, who: str, what: str, about: str, detail: Mapping[str, Any]) -> None:
    """Write an entry in the transaction of what was done."""
    note_each(sql, at_s, who, what, {about: detail})


def note_each(sql: Connection, at_s: float, who: str, what: str, details: Mapping[str, Mapping[str, Any]]) -> None:
    """Write an entry for each of several things that the same was done to, by their ids."""
    note_all(sql, [Entry(0, at_s, who, what, about, detail) for about, detail in details.items()])


def note_all(sql: Connection, entries: Sequence[Entry]) -> None:
    """Write entries in their order; their places are given here."""
    place = _last_place(sql)
    rows = [
        {
            "place": place + number,
            "at_s": one.at_s,
            "who": inert(one.who),
            "what": inert(one.what),
            "about": inert(one.about),
            "detail": json.dumps(one.detail, sort_keys=True),
        }
        for number, one in enumerate(entries, start=1)
    ]
    if rows:
        sql.execute(insert(AUDIT), rows)


def _last_place(sql: Connection) -> int:
    return int(sql.execute(select(func.coalesce(func.max(AUDIT.c.place), 0))).scalar_one())
