import subprocess
import sys
from collections.abc import Sequence

import pytest
from sqlalchemy import select

from redshank.store.database import Database
from redshank.store.ledger import Journal
from redshank.store.tables import LEDGER

APPENDER = """
import sys
from redshank.store.database import Database
from redshank.store.ledger import Journal
journal = Journal(Database(sys.argv[1]))
print('ready', flush=True)
sys.stdin.readline()
for n in range(40):
    journal.append(f'{sys.argv[2]} {n}')
"""


def test_lines_come_back_in_the_order_in_which_they_were_written(database: Database) -> None:
    journal = Journal(database)
    assert journal.lines() == []
    for line in ("one", "two \u00e4", "three"):
        journal.append(line)
    assert journal.lines() == ["one", "two \u00e4", "three"]
    assert journal.lines(after=2) == ["three"]


def test_lines_that_follow_from_those_before_are_written_together_or_not_at_all(database: Database) -> None:
    journal = Journal(database)
    journal.extend(lambda before: [f"{len(before)} before", "next"])
    journal.extend(lambda before: [f"saw {before}"], after=1)
    assert journal.lines() == ["0 before", "next", "saw ['next']"]

    def fail(before: Sequence[str]) -> list[str]:
        raise KeyError(len(before))

    with pytest.raises(KeyError):
        journal.extend(fail)
    assert len(journal.lines()) == 3


def test_two_processes_append_without_gaps_and_doubles(database: Database, place: str) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", APPENDER, place, who], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for who in ("ana", "ben")
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        writer.communicate("go\n", timeout=60)
        assert writer.returncode == 0
    lines = Journal(database).lines()
    with database.reading() as sql:
        assert list(sql.execute(select(LEDGER.c.place).order_by(LEDGER.c.place)).scalars()) == list(range(1, 81))
    for who in ("ana", "ben"):
        assert [line for line in lines if line.startswith(who)] == [f"{who} {n}" for n in range(40)]
