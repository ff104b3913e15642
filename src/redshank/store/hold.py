"""That one service alone works on a store: another one that would is refused, and a kill lets go.

In: the store's address. Out: a hold, or an error that says what to do. The one idea: two services on one store would
each tell every alert, and take each other's for their own; so who judges and tells holds the store for as long as it
lives. Of a file it is a lock on a file beside it; of a server's database an advisory lock of a connection of its own,
which ends with the process. A server that was away forgot it: then it is taken again before anything is written, and
nothing is written if somebody else was quicker. Consoles and commands hold nothing: they write in turn with a service.
Source: https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS
"""

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from redshank.core.errors import ConfigError, StoreError
from redshank.core.files import held

LOCK = ".service"
"""What the name of the file beside a store's file ends in."""
_KEY = 0x7265_6474  # any number that other programs' locks in the same database do not have
_FOUND_SOON = {"idle": 10, "interval": 5, "count": 3}
"""Keep-alives, in s: after some 25 s the server gives up a connection whose other end is gone."""
_STANDS = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database WHERE locktype = 'advisory' "
    "AND datname = current_database() AND classid = 0 AND objid = :key AND pid = :pid AND granted"
)


class FileHold:
    """Holds a file's store until closed.

    Raises:
        ConfigError: If another service holds it.
    """

    def __init__(self, place: Path) -> None:
        self._stack = ExitStack()
        file = place.resolve()
        lock = file.with_name(file.name + LOCK)
        self._stack.enter_context(held(lock, f"store '{place}'"))
        if os.geteuid() == 0:  # or an upgrade by root locks its service out; SQLite does so, too
            owner = file.stat()
            os.chown(lock, owner.st_uid, owner.st_gid, follow_symlinks=False)

    def keep(self, sql: Connection) -> None:
        """Do nothing: only the end of the process takes a file's lock away."""

    def close(self) -> None:
        """Let go."""
        self._stack.close()


class ServerHold:
    """Holds a server's database until closed.

    Args:
        server: Gives connections.
        name: What messages call the store.

    Raises:
        ConfigError: If another service holds it.
    """

    def __init__(self, server: Engine, name: str) -> None:
        self._engine, self._name = server.execution_options(isolation_level="AUTOCOMMIT"), name
        self._sql: Connection | None = None
        self._pid, self._closed = 0, False
        if not self._take():
            raise ConfigError(
                f"store: another service works on '{name}'; end it, or give each service a database of its own"
            )

    def keep(self, sql: Connection) -> None:
        """Take the lock again if the server lost it.

        Args:
            sql: A transaction that writes, at its begin.

        Raises:
            StoreError: If another service took it meanwhile, or this one let go.
            SQLAlchemyError: If the server cannot be asked.
        """
        if self._sql is not None and sql.execute(_STANDS, {"key": _KEY, "pid": self._pid}).scalar_one():
            return
        self._drop()
        if self._closed or not self._take():
            raise StoreError(
                f"store: another service works on '{self._name}' by now, or the server has not noticed yet that a "
                "connection of this one broke; of two services end one"
            )

    def close(self) -> None:
        """Let go for good."""
        self._closed = True
        self._drop()

    def _drop(self) -> None:
        if self._sql is not None:
            with suppress(SQLAlchemyError):
                self._sql.invalidate()  # not back to those that others use: the lock is the connection's
            with suppress(SQLAlchemyError):
                self._sql.close()
            self._sql = None

    def _take(self) -> bool:
        sql = self._engine.connect()
        try:
            for name, value in _FOUND_SOON.items():
                sql.exec_driver_sql(f"SET tcp_keepalives_{name} = {value}")
            self._pid = sql.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
            taken: Any = sql.exec_driver_sql(f"SELECT pg_try_advisory_lock({_KEY})").scalar_one()
        except BaseException:
            sql.close()
            raise
        if not taken:
            sql.close()
            return False
        self._sql = sql
        return True
