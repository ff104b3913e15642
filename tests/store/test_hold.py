import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from postgres import Server
from redshank.core.errors import ConfigError, StoreError
from redshank.store.audit import Audit
from redshank.store.database import Database

HOLDS = "import sys; from redshank.store.database import Database; d = Database(sys.argv[1], create=True, alone=True)"
PATIENCE_S = 60.0


def note(database: Database, who: str) -> None:
    Audit(database).write(1_700_000_000.0, who, "start", "")


def whose(database: Database) -> list[str]:
    """Return who wrote, the latest first."""
    return [one.who for one in Audit(database).entries()]


def test_one_service_at_a_time_works_on_a_store_and_others_write_beside_it(place: str) -> None:
    with closing(Database(place, create=True, alone=True)) as service:
        with pytest.raises(ConfigError, match="another .*; end it, or"):
            Database(place, create=True, alone=True)
        with closing(Database(place)) as beside:
            note(beside, "ana")
        note(service, "service")
    with closing(Database(place, alone=True)) as service:
        assert whose(service) == ["service", "ana"]


@pytest.mark.root
def test_the_lock_belongs_to_the_owner_of_the_store_though_root_took_it(tmp_path: Path) -> None:
    file = tmp_path / "site.db"
    Database(file, create=True).close()
    os.chown(file, 4711, 4712)
    Database(file, alone=True).close()
    lock = (tmp_path / "site.db.service").stat()
    assert (lock.st_uid, lock.st_gid) == (4711, 4712)


def test_who_is_killed_lets_go(place: str) -> None:
    holder = subprocess.Popen([sys.executable, "-c", f"{HOLDS}; print(flush=True); sys.stdin.read()", place],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert holder.stdin
    assert holder.stdout
    with holder.stdin, holder.stdout:
        holder.stdout.readline()
        with pytest.raises(ConfigError, match="another "):
            Database(place, alone=True)
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    begun_s = time.monotonic()
    while True:  # a server has to see first that the connection is gone
        try:
            Database(place, alone=True).close()
        except ConfigError:
            assert time.monotonic() < begun_s + PATIENCE_S
        else:
            break


@pytest.mark.service
def test_a_server_that_was_away_is_asked_anew_and_nothing_is_written_if_another_was_quicker(
    server: Server,
) -> None:
    place = server.place()
    with closing(Database(place, create=True, alone=True)) as first:
        server.stop()
        with pytest.raises(StoreError):
            note(first, "first")
        server.start()
        note(first, "first")
        with pytest.raises(ConfigError, match="another service"):
            Database(place, alone=True)
        server.stop()
        server.start()
        with closing(Database(place, alone=True)) as second:
            with pytest.raises(StoreError, match="another service works on .* by now"):
                note(first, "first")
            note(second, "second")
        note(first, "first")
        assert whose(first) == ["first", "second", "first"]
