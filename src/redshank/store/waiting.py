"""How long anybody waits for a store, the less the nearer its end is.

In: how long usually; at some time, when all is to be over. Out: when a wait that began at some time is over. The one
idea: once there is an end, a wait lasts at most half of the time that was left when it began, so that whoever still has
something to write comes to know in time that a store hangs, and one that is only slow is waited for. Who waits for the
answer of a server looks at no clock: after that time the link is shut, as if the server had gone.
Source: https://www.postgresql.org/docs/15/libpq-status.html for PQTRANS_ACTIVE.
"""

import os
import socket
import sqlite3
import threading
import time
from contextlib import suppress
from typing import Any
from weakref import WeakSet

LOOK_S = 0.25
"""How often links are looked at, and how soon whoever waits for a turn knows that there is an end."""
ACTIVE = 1
"""How libpq calls a link that waits for an answer."""


class Waiting:
    """How long a store is waited for.

    Args:
        usual_s: How long, as long as there is no end.
    """

    def __init__(self, usual_s: float) -> None:
        self.usual_s = usual_s
        self._asked_s = 0.0
        self.ends_s: float | None = None
        """When all is to be over, by the monotonic clock; None: there is no end yet."""

    def end_by(self, ends_s: float) -> None:
        """Set the end, or bring it nearer."""
        if self.ends_s is None:
            self._asked_s = time.monotonic()
        self.ends_s = ends_s if self.ends_s is None else min(self.ends_s, ends_s)

    def until(self, begun_s: float) -> float:
        """Return when a wait is over that began at a time, by the monotonic clock.

        Example:
            >>> waiting = Waiting(20.0)
            >>> waiting.until(100.0)
            120.0
            >>> now_s = time.monotonic()
            >>> waiting.end_by(now_s + 20.0)
            >>> [round(waiting.until(now_s + begun_s) - now_s, 3) for begun_s in (-19.0, 16.0, 21.0)]
            [1.0, 18.0, 21.0]
        """
        if self.ends_s is None:
            return begun_s + self.usual_s
        since_s = max(begun_s, self._asked_s)
        return min(begun_s + self.usual_s, since_s + max(0.0, self.ends_s - since_s) / 2)

    def left_s(self, begun_s: float | None = None) -> float:
        """Return how long a wait may last from now on, s; `begun_s` as of `until`, now if absent."""
        now_s = time.monotonic()
        return max(0.0, self.until(now_s if begun_s is None else begun_s) - now_s)

    @property
    def over(self) -> bool:
        """Whether the end has come."""
        return self.ends_s is not None and time.monotonic() >= self.ends_s


def is_busy(cause: BaseException | None) -> bool:
    """Tell whether somebody else has what was wanted, so that it may be had later."""
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    return code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) or getattr(cause, "sqlstate", "") == "55P03"


def take_turn(sql: sqlite3.Connection, waiting: Waiting) -> None:
    """Begin to write into a file, when those who write now are done.

    SQLite is asked for short times: it would hear neither of a signal nor of an end that is set meanwhile.

    Raises:
        sqlite3.OperationalError: If it took too long, or the file cannot be written.
    """
    begun_s = time.monotonic()
    sql.execute(f"PRAGMA busy_timeout = {LOOK_S * 1000:.0f}")
    try:
        while True:
            try:
                sql.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                if not (is_busy(error) and waiting.left_s(begun_s)):
                    raise
            else:
                break
    finally:
        sql.execute(f"PRAGMA busy_timeout = {waiting.usual_s * 1000:.0f}")


class Links:
    """The links to a server.

    Args:
        waiting: How long one may wait for an answer once there is an end; before, for ever.
    """

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._links: WeakSet[Any] = WeakSet()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, link: Any) -> None:  # noqa: ANN401  psycopg's own connection
        """Look after a link, too."""
        with self._lock:
            self._links.add(link)

    def watch(self) -> None:
        """Begin to shut links that wait for too long."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._watch, name="store links", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Look after none any more."""
        self._closed.set()

    def _watch(self) -> None:
        since_s: dict[Any, float] = {}
        while not self._closed.wait(LOOK_S):
            with self._lock:
                links = [link for link in self._links if link.pgconn.transaction_status == ACTIVE]
            now_s = time.monotonic()
            since_s = {link: since_s.get(link, now_s) for link in links}
            for link, begun_s in since_s.items():
                if now_s > begun_s and now_s >= self._waiting.until(begun_s):
                    _shut(link)


def _shut(link: Any) -> None:  # noqa: ANN401  as above
    """Have whoever waits on a link told that it is broken."""
    from psycopg import Error  # noqa: PLC0415  only who has a server has it

    # It may be closed by now, and its number somebody else's, unless it waits still.
    with suppress(Error, OSError), socket.socket(fileno=os.dup(link.fileno())) as copy:
        if link.pgconn.transaction_status == ACTIVE:
            copy.shutdown(socket.SHUT_RDWR)
