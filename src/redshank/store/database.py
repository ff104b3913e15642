"""The store's database: opened, checked, brought up to date, and written in whole transactions.

In: a path, or the URL of a PostgreSQL database. Out: connections that read, and connections that write all of a block
or nothing. The one idea: whoever writes has the whole store for itself meanwhile (SQLite's write lock; on PostgreSQL
one advisory lock), so that nobody decides on what another is changing, and numbers have no gaps and no doubles. What
was committed outlives the process and the power; readers wait for nobody. A file that is moved, deleted or replaced
while it is open is noticed: who goes on with what no longer has a name writes for nobody.
Source: https://www.sqlite.org/wal.html; https://docs.sqlalchemy.org/en/20/dialects/sqlite.html for who begins when;
https://www.postgresql.org/docs/15/explicit-locking.html for advisory locks.
"""

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

from sqlalchemy import URL, Connection, Table, create_engine, event, insert, inspect, select
from sqlalchemy.exc import DBAPIError, DisconnectionError, SQLAlchemyError

from redshank.core.errors import ConfigError, StoreBusyError, StoreChangedError, StoreError
from redshank.store.address import address, called, check_path, is_still
from redshank.store.hold import FileHold, ServerHold
from redshank.store.moment import Moment
from redshank.store.size import of_file, of_server
from redshank.store.tables import METADATA, STORE, VERSION
from redshank.store.waiting import LOOK_S, Links, Waiting, is_busy, take_turn

_log = logging.getLogger(__name__)

PATIENCE_S = 20
"""How long a writer waits for its turn, and everybody for a server."""
MOST_LOG_BYTES = 2**26
"""Of the log beside a file, once it is written back: one long transaction leaves no gigabytes on the disk."""
CACHE_KIB = 16_384
"""Of each connection for pages of a file: alerts come in no order of their ids, so what finds them is all over it."""
PAGES_AT_ONCE = 1000
"""Pages of a file that are given back before others have their turn."""
STUDIED = 1000
"""Rows of each index of a file that are looked at to tell how its rows are spread."""
KEPT_OF_FILE, KEPT_OF_SERVER, MOST = 5, 10, 50
"""Connections that stay open, and at once: a console has 40 threads. One to a file is soon begun, and has a cache."""
FILE = "file"
"""Under this name the `info` of a connection tells which file it is on; a store's file can be replaced."""
INCREMENTAL = (2,)
"""What SQLite answers of a file that gives pages back."""
_TURN = 0x7265_6473  # any number that other programs' locks in the same database do not have


class Database:
    """A store: a file, or a database on a PostgreSQL server.

    Args:
        place: A file, or postgresql://user@host/name; a password belongs into PGPASSFILE or PGPASSWORD.
        create: Whether it, and the folder of a file, is made if absent.
        only_read: Whether nothing is written.
        alone: Whether it is held (`store/hold.py`): for a service. Then a store of an older version is brought up to
            date, and not refused.
        as_found: Whether a store of an older version is left as it is; good for nothing but to tell its `version`.
        patience_s: How long a writer waits for its turn, and everybody for a server.
        cache_kib: Memory of each connection for pages of a file.

    Raises:
        ConfigError: If it is absent, no store, of a version that this program cannot use, or held by another service.
    """

    def __init__(
        self,
        place: Path | str,
        *,
        create: bool = False,
        only_read: bool = False,
        alone: bool = False,
        as_found: bool = False,
        patience_s: int = PATIENCE_S,
        cache_kib: int = CACHE_KIB,
    ) -> None:
        url = address(place)
        self._patience_s, self._create, self._opened, self._cache_kib = patience_s, create, False, cache_kib
        self._waiting = Waiting(patience_s)
        self._links = Links(self._waiting)
        self._own = threading.local()
        self._turn = threading.Lock()
        self._hold: FileHold | ServerHold | None = None
        self.is_file = url.get_backend_name() == "sqlite"
        self.name = called(url)
        if self.is_file:
            check_path(Path(self.name), create=create)
            self._still = is_still(Path(self.name), only_read=only_read)
        self._open(url, only_read=only_read)
        try:
            if alone:
                with self._reporting():
                    self._hold = FileHold(Path(self.name)) if self.is_file else ServerHold(self._engine, self.name)
            with self.writing() if create else self.reading() as sql:
                self.found = self.version = self._found(sql, create=create)
            """Of the tables, at first and now."""
            if self.version < VERSION and not as_found:
                self._migrate(self.version, alone=alone)
                self.version = VERSION
            self._opened = True
        except StoreError as error:
            self.close()
            raise ConfigError(f"{error}; name a store that `redshank ask` or `redshank run` made") from None
        except ConfigError:
            self.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees the store as it is now, or was when `at_once` began; until the block ends.

        Raises:
            StoreError: If the store cannot be read.
        """
        moment = self._moment()
        with self._reporting(), self._readers.begin() if moment is None else moment.reading() as sql:
            yield sql

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """Let all that this thread reads in the block see the store as it was when the first of it was read.

        It is one transaction, not one for each question. What the thread writes meanwhile it sees: the moment is a new
        one then. Wrong for who reads, waits for others, and decides on what was read.
        """
        if self._moment() is not None:
            yield
            return
        self._own.moment = moment = Moment(self._readers)
        try:
            yield
        finally:
            self._own.moment = None
            with self._reporting():
                moment.end()

    def _moment(self) -> Moment | None:
        return getattr(self._own, "moment", None)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are all there, durable, when the block ends, or not at all.

        Raises:
            StoreError: If the store cannot be written.
        """
        if moment := self._moment():
            with self._reporting():
                moment.end()
        with self._next(), self._reporting(), self._writers.begin() as sql:
            if self._hold:
                self._hold.keep(sql)
            if self._opened:
                self._check(sql)
            yield sql

    @contextmanager
    def _next(self) -> Iterator[None]:
        """Let threads of this process write one after another: SQLite lets who waits sleep, and others go ahead."""
        begun_s = time.monotonic()
        while not self._turn.acquire(timeout=min(LOOK_S, self._waiting.left_s(begun_s))):
            if not self._waiting.left_s(begun_s):
                raise StoreBusyError(f"store: '{self.name}': another thread writes")
        try:
            yield
        finally:
            self._turn.release()

    def shrink(self, *, whole: bool = False) -> None:
        """Give back to the disk what deleted rows took; a PostgreSQL server does so by itself.

        Args:
            whole: Whether the file is written anew: slower, and others wait.

        Raises:
            StoreError: If the file cannot be written.
        """
        if self.is_file:
            with self._reporting(), closing(self._engine.raw_connection()) as sql:  # outside of a transaction

                def ask(command: str) -> list[Any]:
                    rows: list[Any] = sql.cursor().execute(command).fetchall()
                    return rows

                if whole:
                    ask("VACUUM")
                while (free := ask("PRAGMA freelist_count")) > [(0,)]:
                    # As a script: a step gives back one page, and a query without rows is stepped once.
                    sql.cursor().executescript(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})")
                    if ask("PRAGMA freelist_count") >= free:
                        break
                ask("PRAGMA wal_checkpoint(TRUNCATE)")

    def study(self) -> None:
        """Let a file's planner see, in a sample, how its rows are spread; a PostgreSQL server does so by itself.

        Raises:
            StoreError: If the file cannot be written.
        """
        if self.is_file:
            with self._reporting(), closing(self._engine.raw_connection()) as sql:
                sql.cursor().execute(f"PRAGMA analysis_limit = {STUDIED}")
                sql.cursor().execute("ANALYZE")  # PRAGMA optimize leaves alone what was ever studied

    def used_bytes(self, sql: Connection, *tables: Table) -> int:
        """Return the size of what is kept: of a file the pages in use, of a server's database our rows.

        Args:
            sql: A connection to the store.
            tables: Of these alone, all of whose pages are read; of a file 0 where SQLite was built without `dbstat`.
        """
        return of_file(sql, tables) if self.is_file else of_server(sql, tables)

    def end_by(self, ends_s: float) -> None:
        """Let nobody wait for the store for longer than until then, nor those who wait now: it may be gone for good.

        Until then each waits for half of what was left when it began; what a server then still owes an answer for may
        be done, or not.

        Args:
            ends_s: By the monotonic clock.
        """
        self._waiting.end_by(ends_s)
        if not self.is_file:
            self._links.watch()

    def close(self) -> None:
        """Let go of the database."""
        self._links.close()
        if self._hold:
            self._hold.close()
        self._engine.dispose()

    def _open(self, url: URL, *, only_read: bool) -> None:
        # A server that vanished without a word would otherwise be waited for a quarter of an hour.
        away: dict[str, int] = {"connect_timeout": self._patience_s, "tcp_user_timeout": self._patience_s * 1000}
        how: dict[str, Any] = {"creator": self._connect} if self.is_file else {"connect_args": away}
        kept = KEPT_OF_FILE if self.is_file else KEPT_OF_SERVER
        # What was used last goes first: each connection has a cache of pages, and one that rests fills none.
        self._engine = create_engine(
            url, pool_pre_ping=not self.is_file, pool_size=kept, max_overflow=MOST - kept, pool_use_lifo=True, **how
        )
        self._writers = self._engine.execution_options(writes=True)
        self._readers = self._engine
        if self.is_file:
            event.listen(self._engine, "connect", self._prepare_file)
            event.listen(self._engine, "connect", self._note_file)
            event.listen(self._engine, "checkout", self._check_file)
            event.listen(self._engine, "begin", self._begin_on_file)
        else:
            self._readers = self._engine.execution_options(isolation_level="REPEATABLE READ")
            event.listen(self._engine, "do_connect", self._reach_server)
            event.listen(self._engine, "connect", self._prepare_server)
            event.listen(self._engine, "begin", _begin_on_server)
        if only_read:
            event.listen(self._engine, "connect", _refuse_writes if self.is_file else _refuse_writes_on_server)

    def _connect(self) -> sqlite3.Connection:
        mode = "rwc" if self._create and not self._opened else "rw"  # one that was deleted is not made anew, empty
        place = f"{Path(self.name).absolute().as_uri()}?{'mode=ro&immutable=1' if self._still else f'mode={mode}'}"
        return sqlite3.connect(place, uri=True, timeout=self._patience_s, check_same_thread=False)

    def _note_file(self, sql: object, record: Any) -> None:  # noqa: ANN401  the pool's own record
        del sql
        record.info[FILE] = _identity(self.name)

    def _check_file(self, sql: object, record: Any, proxy: object) -> None:  # noqa: ANN401  as above
        del sql, proxy
        if record.info.get(FILE) != _identity(self.name):
            raise DisconnectionError

    def _prepare_file(self, sql: Any, record: object) -> None:  # noqa: ANN401  sqlite3's own connection
        """Let us begin transactions by ourselves, flush each to the disk, and give pages back (before tables)."""
        del record
        sql.isolation_level = None
        if self._still:
            return
        if sql.execute("PRAGMA auto_vacuum").fetchone() != INCREMENTAL:  # to say so again is a write, which waits
            sql.execute("PRAGMA auto_vacuum = INCREMENTAL")
        for pragma in (
            "journal_mode = WAL",
            f"journal_size_limit = {MOST_LOG_BYTES}",
            "synchronous = FULL",
            "foreign_keys = ON",
            f"cache_size = -{self._cache_kib}",
        ):
            sql.execute(f"PRAGMA {pragma}")

    def _begin_on_file(self, sql: Connection) -> None:
        if sql.get_execution_options().get("writes", False):
            take_turn(cast("sqlite3.Connection", sql.connection.dbapi_connection), self._waiting)
        else:
            sql.exec_driver_sql("BEGIN")

    def _reach_server(self, dialect: object, record: object, unnamed: object, named: dict[str, Any]) -> None:
        """Let a new connection take no longer to come than anybody may wait now."""
        del dialect, record, unnamed
        if self._waiting.over:
            raise StoreError(f"store: '{self.name}': the end came, and no connection to the server was left")
        named["connect_timeout"] = min(self._patience_s, 1 + int(self._waiting.left_s()))

    def _prepare_server(self, sql: Any, record: object) -> None:  # noqa: ANN401  psycopg's own connection
        del record
        self._links.add(sql)
        sql.execute(f"SET lock_timeout = '{self._patience_s}s'")
        # For each question of a page two processes would be begun, and what an index holds would be read from the
        # table.
        sql.execute("SET max_parallel_workers_per_gather = 0")
        sql.execute("SET random_page_cost = 1.1")
        sql.commit()

    def _check(self, sql: Connection) -> None:
        """Make sure that the tables are still ours.

        Raises:
            StoreChangedError: If they are of another version by now.
        """
        found = sql.execute(select(STORE.c.version)).scalar_one_or_none()
        if found != VERSION:
            raise StoreChangedError(
                f"store: '{self.name}' has version {found} of the tables by now, this program has {VERSION}; begin it "
                "anew, or use the program that changed it"
            )

    def _found(self, sql: Connection, *, create: bool) -> int:
        """Return the version of the tables; make them if there are none."""
        tables = inspect(sql).get_table_names()
        if create and not tables:
            METADATA.create_all(sql)
            sql.execute(insert(STORE).values(version=VERSION))
        elif STORE.name not in tables:
            raise ConfigError(
                f"store: '{self.name}' is another program's database; name another"
                if tables
                else f"store: '{self.name}' is empty; `redshank run` or `redshank ask` makes a store of it"
            )
        version: int = sql.execute(select(STORE.c.version)).scalar_one()
        if version > VERSION:
            raise ConfigError(
                f"store: '{self.name}' has version {version} of the tables, this program has {VERSION}; use the "
                "program that wrote it, or begin another store"
            )
        return version

    def _migrate(self, found: int, *, alone: bool) -> None:
        if not alone:
            raise ConfigError(
                f"store: '{self.name}' has version {found} of the tables, this program has {VERSION}; end what works "
                "on it, then `redshank run` brings it up to date at its start, or `redshank upgrade` does"
            )
        from redshank.store.migration import migrate  # noqa: PLC0415  Alembic is slow to import, old stores are rare

        _log.info("%s: its tables, of version %d, become those of version %d", self.name, found, VERSION)
        with self.writing() as sql:
            migrate(sql, self._found(sql, create=False))
        self.shrink(whole=True)  # only this lets a file of version 1 give pages back later
        self.study()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            cause = error.orig if isinstance(error, DBAPIError) else error
            text = f"store: '{self.name}': {' '.join(str(cause).split())}"
            if is_busy(cause):
                raise StoreBusyError(text) from None
            if self._opened and not self._waiting.over:
                with suppress(SQLAlchemyError, sqlite3.Error), self._engine.begin() as sql:
                    self._check(sql)
            raise StoreError(text) from None


def _identity(name: str) -> tuple[int, int] | None:
    """Return what tells a file from another one of its name; None if there is none."""
    try:
        found = Path(name).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _refuse_writes(sql: Any, record: object) -> None:  # noqa: ANN401  sqlite3's own connection
    del record
    sql.execute("PRAGMA query_only = ON")


def _refuse_writes_on_server(sql: Any, record: object) -> None:  # noqa: ANN401  psycopg's own connection
    del record
    sql.execute("SET default_transaction_read_only = on")
    sql.commit()


def _begin_on_server(sql: Connection) -> None:
    if sql.get_execution_options().get("writes", False):
        sql.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_TURN})")
