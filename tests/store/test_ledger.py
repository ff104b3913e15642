import subprocess
import sys

import pytest
from sqlalchemy import select

from redshank.core.errors import ActionError
from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.tables import LEDGER

APPENDERS = """
import os, sys
from redshank.store.database import Database
from redshank.store.ledger import Journal
Database(sys.argv[1]).close()  # the driver is imported once
for who in ('ana', 'ben'):
    if not os.fork():
        journal, at = Journal(Database(sys.argv[1])), 0
        for n in range(40):
            while not journal.append(at, f'{at} {who} {n}'):
                at += len(journal.lines(since=at))
        os._exit(0)
print(os.wait()[1], os.wait()[1])
"""


def test_lines_come_back_in_the_order_in_which_they_were_written(database: Database) -> None:
    journal = Journal(database)
    assert journal.lines() == []
    assert [journal.append(at, line) for at, line in enumerate(("one", "two \u00e4", "three"))] == [True] * 3
    assert journal.lines() == ["one", "two \u00e4", "three"]
    assert journal.lines(since=2) == ["three"]
    assert journal.lines(since=3) == []


def test_a_line_is_written_after_the_last_one_or_not_at_all(database: Database) -> None:
    journal = Journal(database)
    journal.append(0, "one")
    assert not journal.append(0, "another one")
    with pytest.raises(ActionError, match="ledger: no line 2 can be written, there are 1 before it"):
        journal.append(2, "three")
    assert journal.lines() == ["one"]


def test_two_processes_append_without_gaps_and_doubles(database: Database, place: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", APPENDERS, place], stdout=subprocess.PIPE, text=True, check=True, timeout=60
    )
    assert done.stdout == "0 0\n"
    lines = [line.split() for line in Journal(database).lines()]
    with database.reading() as sql:
        assert list(sql.execute(select(LEDGER.c.place).order_by(LEDGER.c.place)).scalars()) == list(range(80))
    assert [int(at) for at, _, _ in lines] == list(range(80))
    for who in ("ana", "ben"):
        assert [int(n) for _, name, n in lines if name == who] == list(range(40))


def test_some_lines_and_their_number_can_be_asked_for(database: Database) -> None:
    journal = Journal(database)
    for at in range(5):
        journal.append(at, f"line {at}")
    assert journal.lines(1, limit=2) == ["line 1", "line 2"]
    assert journal.count() == 5
    assert journal.about("line 3") == [(3, "line 3")]
