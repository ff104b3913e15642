"""What one thread reads while others write; on a file, and on a PostgreSQL server."""

import threading

import pytest
from sqlalchemy import event, text

from redshank.core.errors import StoreError
from redshank.store.audit import Audit
from redshank.store.database import Database


def _write(database: Database, what: str) -> None:
    writer = threading.Thread(target=Audit(database).write, args=(1.0, "ana", what, "", {}))
    writer.start()
    writer.join()


def _begun(database: Database) -> list[int]:
    """Return a list that grows by each transaction."""
    found: list[int] = []
    event.listen(database._engine, "begin", lambda _: found.append(1))
    return found


def _count(database: Database) -> int:
    with database.reading() as sql:
        return int(sql.execute(text("select count(*) from audit")).scalar_one())


def test_what_is_read_at_once_is_of_one_moment_and_one_transaction(database: Database) -> None:
    begun = _begun(database)
    with database.at_once():
        assert _count(database) == 0
        _write(database, "one")
        assert _count(database) == 0
    assert _count(database) == 1
    assert len(begun) == 3


def test_who_reads_at_once_sees_what_it_writes_itself(database: Database) -> None:
    with database.at_once(), database.at_once():
        assert _count(database) == 0
        Audit(database).write(1.0, "ana", "one", "", {})
        assert _count(database) == 1


def test_what_is_written_while_something_is_read_is_seen_after_that(database: Database) -> None:
    with database.at_once():
        with database.reading() as sql:
            assert _count(database) == 0
            Audit(database).write(1.0, "ana", "one", "", {})
            assert sql.execute(text("select count(*) from audit")).scalar_one() == 0
        assert _count(database) == 1


def test_after_an_error_the_rest_is_read_in_another_transaction(database: Database) -> None:
    with database.at_once():
        with pytest.raises(StoreError), database.reading() as sql:
            sql.execute(text("select nothing"))
        assert _count(database) == 0


def test_threads_have_moments_of_their_own(database: Database) -> None:
    found: list[int] = []
    with database.at_once():
        assert _count(database) == 0
        _write(database, "one")
        other = threading.Thread(target=lambda: found.append(_count(database)))
        other.start()
        other.join()
        assert _count(database) == 0
    assert found == [1]


def test_a_moment_keeps_no_connection_after_its_end(database: Database) -> None:
    with database.at_once():
        _count(database)
        assert database._engine.pool.checkedout() == 1  # type: ignore[attr-defined]  # of the pool that we chose
    assert database._engine.pool.checkedout() == 0  # type: ignore[attr-defined]  # as above
