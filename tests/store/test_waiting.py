import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from postgres import Server
from redshank.core.errors import StoreBusyError, StoreError
from redshank.store.database import Database
from redshank.store.waiting import Waiting

FOR_EVER_S = 100_000
"""Nobody waits that long: a test that does fails."""


class Waits(threading.Thread):
    """Does something in a thread of its own, and keeps what went wrong."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.error: StoreError | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except StoreError as error:
            self.error = error

    def told(self) -> str:
        self.join()
        return str(self.error)


def write(database: Database) -> None:
    with database.writing():
        pass


def read(database: Database) -> None:
    with database.reading() as sql:
        sql.exec_driver_sql("SELECT 1").scalar_one()


def test_each_wait_is_half_of_what_is_left_and_an_end_only_comes_nearer() -> None:
    waiting = Waiting(20.0)
    now_s = time.monotonic()
    waiting.end_by(now_s + 16.0)
    assert waiting.until(now_s + 8.0) == now_s + 12.0
    assert waiting.until(now_s + 14.0) == now_s + 15.0
    waiting.end_by(now_s + 100.0)
    assert waiting.until(now_s + 8.0) == now_s + 12.0
    waiting.end_by(now_s + 10.0)
    assert waiting.until(now_s + 8.0) == now_s + 9.0
    assert (waiting.until(now_s - 20.0), waiting.over) == (now_s, False)
    waiting.end_by(now_s)
    assert (waiting.left_s(), waiting.over) == (0.0, True)


def test_who_waits_for_another_process_or_thread_is_let_go_when_an_end_is_set(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with (
        closing(Database(path, create=True, patience_s=FOR_EVER_S)) as database,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        both = [Waits(lambda: write(database)) for _ in range(2)]
        while not database._turn.locked():  # one of them asks the file, or both do not yet
            time.sleep(0.001)
        database.end_by(time.monotonic())
        told = sorted(waits.told() for waits in both)
        assert all(isinstance(waits.error, StoreBusyError) for waits in both)
        assert told[-1] == f"store: '{path}': database is locked"
        read(database)
        other.execute("ROLLBACK")
        write(database)  # whoever need not wait is served as ever


@pytest.mark.service
@pytest.mark.parametrize("work", [read, write])
def test_a_server_that_takes_questions_and_answers_none_is_given_up_when_an_end_is_set(
    server: Server, work: Callable[[Database], None]
) -> None:
    with closing(Database(server.place(), create=True, alone=True, patience_s=FOR_EVER_S)) as database:
        work(database)
        with server.silent():
            waits = Waits(lambda: work(database))
            database.end_by(time.monotonic())
            assert waits.told().startswith(f"store: '{database.name}': ")
            with pytest.raises(StoreError, match="the end came, and no connection to the server was left"):
                work(database)


@pytest.mark.service
def test_a_server_that_falls_silent_amid_a_transaction_is_given_up_when_an_end_is_set(server: Server) -> None:
    silent, asking = threading.Event(), threading.Event()

    def ask() -> None:
        with database.writing() as sql:
            asking.set()
            silent.wait()
            asking.clear()
            sql.exec_driver_sql("SELECT 1")

    with closing(Database(server.place(), create=True, patience_s=FOR_EVER_S)) as database:
        waits = Waits(ask)
        asking.wait()
        with server.silent():
            silent.set()
            while asking.is_set():
                time.sleep(0.001)
            database.end_by(time.monotonic())
            assert "server closed the connection" in waits.told()
