import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import insert, text

from questions import questions, store
from redshank.core.errors import ActionError, ConfigError
from redshank.store import database as module
from redshank.store.database import Database
from redshank.store.queue import Queue
from redshank.store.tables import STORE, VERSION


def test_a_store_is_made_once_and_opened_again(tmp_path: Path) -> None:
    Database(tmp_path / "s", create=True).close()
    again = Database(tmp_path / "s", create=True)
    with again.reading() as connection:
        assert connection.execute(text("select count(*) from redshank")).scalar() == 1
        assert connection.execute(text("pragma journal_mode")).scalar() == "wal"
        assert connection.execute(text("pragma synchronous")).scalar() == 2
    again.close()


def test_a_store_where_nobody_can_write_is_read_and_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(tmp_path / "s", create=True).close()
    monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(f_flag=os.ST_RDONLY))
    with closing(Database(tmp_path / "s", only_read=True)) as database, database.reading() as connection:
        assert connection.execute(text("select version from redshank")).scalar() == VERSION
        assert [path.name for path in tmp_path.iterdir()] == ["s"]
    with pytest.raises(ConfigError, match=f"^store: '{tmp_path}/s' lies on a file system that is only read; name one"):
        Database(tmp_path / "s")
    (tmp_path / "s-wal").write_bytes(b"rows")
    with pytest.raises(ConfigError, match=f"what was written last is in '{tmp_path}/s-wal'; copy both to one"):
        Database(tmp_path / "s", only_read=True)


def test_a_store_is_for_its_owner_and_group_and_one_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        with closing(Database(tmp_path / "s", create=True)) as database, database.writing():
            modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
        (tmp_path / "s").chmod(0o660)
        Database(tmp_path / "s", create=True).close()
    finally:
        os.umask(before)
    assert modes == {"s": 0o640, "s-wal": 0o640, "s-shm": 0o640}
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o660


def test_the_log_of_a_long_transaction_does_not_stay_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_LOG_BYTES", 2**20)
    with closing(Database(tmp_path / "s", create=True)) as database:
        for _ in range(3):  # once it is written back, the next writer begins it anew
            with database.writing() as sql:
                sql.execute(text("create table if not exists much (a)"))
                sql.execute(text("insert into much values (zeroblob(8000000))"))
        with database.writing() as sql:
            sql.execute(text("insert into much values (1)"))
        assert (tmp_path / "s-wal").stat().st_size <= 2**20
        assert (tmp_path / "s").stat().st_size > 3 * 8_000_000


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none", "store: no file '{place}/none'; `redshank run`"),
        ("folder", "store: '{place}/folder' is a folder; name a file"),
        ("text", "store: '{place}/text': file is not a database; name a store that"),
        ("other", "store: '{place}/other' is another program's database"),
        ("newer", "store: '{place}/newer' has version 99 of the tables, this program has {version}"),
    ],
)
def test_a_file_that_is_no_store_is_one_line(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("no database at all, but long enough to have a header that says so" * 20)
    with closing(sqlite3.connect(tmp_path / "other")) as other:
        other.execute("create table songs (name text)")
    newer = Database(tmp_path / "newer", create=True)
    with newer.writing() as connection:
        connection.execute(STORE.delete())
        connection.execute(insert(STORE).values(version=99))
    newer.close()
    with pytest.raises(ConfigError) as caught:
        Database(tmp_path / name)
    assert message.format(place=tmp_path, version=VERSION) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_store_is_made_with_its_folder_or_says_why_not(tmp_path: Path) -> None:
    Database(tmp_path / "new" / "store", create=True).close()
    with pytest.raises(ConfigError, match="store: cannot write to folder"):
        Database(tmp_path / "new" / "store" / "s", create=True)
    for create in (True, False):
        with pytest.raises(ConfigError, match="is a folder"):
            Database(tmp_path, create=create)


def test_a_block_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = Database(tmp_path / "s", create=True)

    def fail() -> None:
        with database.writing() as connection:
            connection.execute(insert(STORE).values(version=5))
            raise KeyError("on purpose")

    with pytest.raises(KeyError):
        fail()
    with database.reading() as connection:
        assert connection.execute(text("select version from redshank")).scalars().all() == [VERSION]
    database.close()


def test_what_the_file_refuses_is_one_line(tmp_path: Path) -> None:
    database = Database(tmp_path / "s", create=True)
    with pytest.raises(ActionError, match="no such table: songs"), database.reading() as connection:
        connection.execute(text("select * from songs"))
    database.close()


def test_what_was_answered_outlives_a_kill(tmp_path: Path) -> None:
    """A process that is killed right after an answer has lost nothing, and its store opens."""
    store(tmp_path / "s")
    code = (
        "import os, signal, sys; from pathlib import Path\n"
        "from redshank.store.database import Database; from redshank.store.queue import Queue\n"
        "from redshank.core.records import Label\n"
        "queue = Queue(Database(Path(sys.argv[1])))\n"
        "for n in range(3):\n"
        "    asked = queue.take('eve', 2e9)\n"
        "    queue.tell([Label.of(asked.id, asked.uid, 'dos', 'eve', 2e9 + n, 'file')])\n"
        "with queue._database.writing() as connection:\n"
        "    connection.exec_driver_sql('delete from labels')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "s")], check=False, timeout=60)
    assert done.returncode == -9
    queue = Queue(Database(tmp_path / "s"))
    assert [label.family for label in queue.labels()] == ["dos"] * 3
    assert queue.add(questions()) == 0


@pytest.mark.parametrize("place", [pytest.param("postgresql", marks=pytest.mark.service)], indirect=True)
def test_a_server_that_vanished_is_not_waited_for_longer_than_one_that_is_busy(database: Database) -> None:
    with database.reading() as sql:
        given = cast("Any", sql.connection.dbapi_connection).info.get_parameters()
    assert (given["connect_timeout"], given["tcp_user_timeout"]) == ("20", "20000")


def test_each_connection_has_as_much_memory_for_pages_as_its_program_gives_it(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "redshank.db", create=True, cache_kib=512)) as database, database.reading() as sql:
        assert sql.exec_driver_sql("PRAGMA cache_size").scalar_one() == -512


def test_a_connection_that_begins_writes_nothing_and_waits_for_nobody_who_writes(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    with closing(Database(path, create=True)) as store, closing(sqlite3.connect(path)) as witness:
        before = witness.execute("PRAGMA data_version").fetchone()
        with store.writing(), closing(Database(path, patience_s=0)) as another, another.reading() as sql:
            assert sql.execute(text("PRAGMA auto_vacuum")).one() == (2,)
        assert witness.execute("PRAGMA data_version").fetchone() == before
