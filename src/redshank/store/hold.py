"""That one service alone works on a store: another one that would is refused, and a kill lets go.

In: the store's address. Out: a hold, or an error that says what to do. The one idea: two services on one store would
each tell every alert, and take each other's for their own; so who judges and tells holds the store for as long as it
lives. Of a file it is a lock on a file beside it; of a server's database an advisory lock of a connection of its own,
which ends with the process. A server that was away forgot it: then it is taken again before anything is written, and
nothing is written if somebody else was quicker. Consoles and commands hold nothing: they write in turn with a service.
Source: https://www.postgresql.org/docs/15/explicit-locking.html#ADVISORY-LOCKS
"""

import os
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from redshank.core.errors import ConfigError, StoreError
from redshank.core.files import held

LOCK = ".service"
"""What the name of the file beside a store's file ends in."""
LOOK_S = 5.0
"""How often a server is asked whether the connection that holds is there; on both ends a dead one is found soon."""
_KEY = 0x7265_6474  # any number that other programs' locks in the same database do not have
_FOUND_SOON = {"idle": 10, "interval": 5, "count": 3}


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

    def keep(self) -> None:
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
        self._looked_s = 0.0
        if not self._take():
            raise ConfigError(
                f"store: another service works on '{name}'; end it, or give each service a database of its own"
            )

    def keep(self) -> None:
        """Take the lock again if the server lost it.

        Raises:
            StoreError: If another service took it meanwhile.
            SQLAlchemyError: If the server cannot be asked.
        """
        now_s = time.monotonic()
        if self._sql is not None and now_s - self._looked_s < LOOK_S:
            return
        try:
            if self._sql is not None:
                self._sql.exec_driver_sql("SELECT 1")
                self._looked_s = now_s
                return
        except SQLAlchemyError:
            self.close()
        if not self._take():
            raise StoreError(f"store: another service works on '{self._name}' by now; end one of the two")

    def close(self) -> None:
        """Let go."""
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
            taken: Any = sql.exec_driver_sql(f"SELECT pg_try_advisory_lock({_KEY})").scalar_one()
        except BaseException:
            sql.close()
            raise
        if not taken:
            sql.close()
            return False
        self._sql, self._looked_s = sql, time.monotonic()
        return True
