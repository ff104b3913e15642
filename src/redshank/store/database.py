"""The store's file: opened, checked, and written in whole transactions.

In: a path. Out: connections that read, and connections that write all of a block or nothing. The one idea: SQLite keeps
what was committed when a process or the power goes (write-ahead log, flushed at every commit), readers do not wait for
a writer, and a writer takes its turn at once, so that nobody decides on what another is changing.
Source: https://www.sqlite.org/wal.html; https://docs.sqlalchemy.org/en/20/dialects/sqlite.html for who begins when.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, insert, inspect, select
from sqlalchemy.exc import DatabaseError

from redshank.core.errors import ActionError, ConfigError
from redshank.core.files import writable_folder
from redshank.store.tables import METADATA, STORE, VERSION

PATIENCE_S = 20
"""How long a writer waits for its turn."""


class Database:
    """A store's file.

    Args:
        path: The file.
        create: Whether it, and its folder, is made if absent.

    Raises:
        ConfigError: If it is absent, no store, or a store of another version.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.path = path
        if not create and not path.is_file():
            raise ConfigError(f"store: no file '{path}'; `redshank ask --store {path}` makes one")
        if path.is_dir():
            raise ConfigError(f"store: '{path}' is a folder; name a file")
        if create:
            writable_folder(path.parent, "store")
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": PATIENCE_S})
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)
        try:
            with self.writing() if create else self.reading() as sql:
                found = inspect(sql).get_table_names()
                if create and not found:
                    METADATA.create_all(sql)
                    sql.execute(insert(STORE).values(version=VERSION))
                elif STORE.name not in found:
                    raise ConfigError(f"store: '{path}' is another program's database; name another file")
                version = sql.execute(select(STORE.c.version)).scalar()
        except ActionError as error:
            raise ConfigError(f"{error}; name a file that `redshank ask` made") from None
        if version != VERSION:
            raise ConfigError(
                f"store: '{path}' has version {version} of the tables, this program has {VERSION}; use the program "
                "that wrote it, or begin another store"
            )

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the store as it is now.

        Raises:
            ActionError: If the file cannot be read.
        """
        with self._reporting(), self._engine.begin() as sql:
            yield sql

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are all there, durable, when the block ends, or not at all.

        Raises:
            ActionError: If the file cannot be written.
        """
        with self._reporting(), self._engine.execution_options(writes=True).begin() as sql:
            yield sql

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            raise ActionError(f"store: '{self.path}': {error.orig}") from None


def _prepare(sql: Any, record: object) -> None:  # noqa: ANN401  sqlite3's own connection
    """Let us begin transactions by ourselves, and flush each to the disk."""
    del record
    sql.isolation_level = None
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        sql.execute(f"PRAGMA {pragma}")


def _begin(sql: Connection) -> None:
    writes = sql.get_execution_options().get("writes", False)
    sql.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
