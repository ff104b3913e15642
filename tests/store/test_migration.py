import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData, create_engine, inspect

from redshank.core.errors import ConfigError
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.queue import Queue
from redshank.store.tables import METADATA, VERSION

pytestmark = [
    pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index"),
    pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index"),
]
"""SQLAlchemy reads no such index from SQLite; `migrations/test_to_13.py` looks that it is there, and is used."""
OLD = Path(__file__).parent / "version_1.db"
"""Written by the program whose tables had version 1: three questions, one held; an answer, corrected; one withdrawn."""


def rows(path: Path, columns: dict[str, list[str]]) -> dict[str, list[Any]]:
    with closing(sqlite3.connect(path)) as sql:
        return {
            table: sql.execute(f"select {','.join(names)} from {table}").fetchall() for table, names in columns.items()
        }


def columns_of_old() -> dict[str, list[str]]:
    with closing(sqlite3.connect(OLD)) as sql:
        return {
            table: [row[1] for row in sql.execute(f"pragma table_info({table})")] for table in ("questions", "labels")
        }


@pytest.fixture
def old_place(place: str) -> str:
    """Return a place with a store of version 1: the file itself, or its tables and rows on a server."""
    if "://" not in place:
        shutil.copy(OLD, place)
        return place
    file, server = create_engine(f"sqlite:///{OLD}"), create_engine(place.replace("://", "+psycopg://", 1))
    found = MetaData()
    found.reflect(file)
    with file.connect() as source, server.begin() as target:
        for table in found.sorted_tables:
            for column in table.columns:
                column.type = column.type.as_generic()
            table.create(target)
            target.execute(table.insert(), [row._asdict() for row in source.execute(table.select())])
    file.dispose()
    server.dispose()
    return place


def test_a_store_of_version_1_is_brought_up_to_date_by_who_asks_for_it(old_place: str) -> None:
    database = Database(old_place, alone=True)
    assert (database.found, database.version) == (1, VERSION)
    with database.reading() as sql:
        assert compare_metadata(MigrationContext.configure(sql), METADATA) == []
        assert sql.exec_driver_sql("select version from redshank").scalars().all() == [VERSION]
    queue = Queue(database)
    assert [label.kind for label in queue.labels()] == ["answer", "correction", "answer", "withdrawal"]
    assert sorted(queue.status(1_700_001_200.0).values()) == ["answered", "held", "open"]
    assert Alerts(database).find() == []
    database.close()


def test_that_a_store_is_brought_up_to_date_is_said_in_one_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "s"
    shutil.copy(OLD, copy)
    with caplog.at_level("INFO", "redshank"):
        Database(copy, alone=True).close()
    assert caplog.messages == [f"{copy}: its tables, of version 1, become those of version {VERSION}"]


def test_a_new_store_has_the_tables_that_an_old_one_gets(database: Database) -> None:
    with database.reading() as sql:
        assert compare_metadata(MigrationContext.configure(sql), METADATA) == []


def test_nothing_of_an_old_file_is_lost(tmp_path: Path) -> None:
    copy = tmp_path / "s"
    shutil.copy(OLD, copy)
    Database(copy, alone=True).close()
    assert rows(copy, columns_of_old()) == rows(OLD, columns_of_old())
    with closing(sqlite3.connect(copy)) as sql:
        assert sql.execute("pragma auto_vacuum").fetchone() == (2,)
        assert sql.execute("pragma integrity_check").fetchone() == ("ok",)


def test_whoever_does_not_ask_for_it_is_told_what_to_do_and_changes_nothing(old_place: str) -> None:
    message = "has version 1 of the tables, this program has .*; end what works on it, then `redshank run` brings it up"
    for _ in range(2):
        for how in ({"only_read": True}, {"create": True}, {}):
            with pytest.raises(ConfigError, match=message):
                Database(old_place, **how)
    Database(old_place, alone=True).close()
    Database(old_place, only_read=True).close()


def test_who_looks_at_an_old_store_as_it_is_found_changes_nothing(old_place: str) -> None:
    for _ in range(2):
        with closing(Database(old_place, create=True, as_found=True)) as database, database.reading() as sql:
            assert database.version == 1
            assert sql.exec_driver_sql("select version from redshank").scalars().all() == [1]
            assert set(inspect(sql).get_table_names()) == {"labels", "questions", "redshank"}
    with closing(Database(old_place, alone=True)) as database:
        assert database.version == VERSION


def test_a_step_that_fails_leaves_the_old_store(tmp_path: Path) -> None:
    copy = tmp_path / "s"
    shutil.copy(OLD, copy)
    with closing(sqlite3.connect(copy)) as sql:
        sql.execute("create table audit (what text)")
    with pytest.raises(ConfigError, match="table audit already exists"):
        Database(copy, alone=True)
    with closing(sqlite3.connect(copy)) as sql:
        assert sql.execute("select version from redshank").fetchall() == [(1,)]
        assert sql.execute("select count(*) from sqlite_master where name = 'alerts'").fetchone() == (0,)
