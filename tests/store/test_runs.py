import json
from dataclasses import asdict, replace

import pytest
from sqlalchemy import update

from redshank.detect.agreed import Agreed, OfFamily
from redshank.store import runs
from redshank.store.database import Database
from redshank.store.runs import ENDED, Health, Judge, Runs, SourceHealth
from redshank.store.tables import RUNS

AGREED = (Agreed("a", "b", "aa", "bb", 100, (OfFamily("dos", 6, 1, 2, 1),)),)
SOURCES = (SourceHealth("eth1", up=True, packets=9, packet_bytes=900, rows=3, dropped=2, reached_s=99.5),)
JUDGES = (Judge("classifier", "default", "aa", "f1", 50.0), Judge("anomaly", silent="warms up"))
FIRST = Health("1f", 50.0, 100.0, version="0.1.0", shed={"interim": 4}, sources=SOURCES, judges=JUDGES, agreed=AGREED)


def test_a_run_is_read_as_it_was_told_last(database: Database) -> None:
    told = Runs(database)
    assert told.latest() is None
    told.tell(FIRST)
    later = replace(FIRST, told_at_s=105.0, flows=7, lag_s=0.25)
    told.tell(later)
    assert told.latest() == later
    assert told.runs() == [later]


def test_the_run_heard_of_last_is_the_latest_and_runs_come_in_pages(database: Database) -> None:
    told = Runs(database)
    for number in range(5):
        told.tell(Health(f"{number}", float(number), 100.0 - number))
    found = told.latest()
    assert found
    assert found.run == "0"
    page = told.runs(2)
    assert [one.run for one in page] == ["4", "3"]
    assert [one.run for one in told.runs(2, (page[-1].started_at_s, page[-1].run))] == ["2", "1"]


def test_a_run_that_was_killed_is_silent_and_one_that_ended_is_not() -> None:
    assert FIRST.silent_s(110.0) == 0.0
    assert FIRST.silent_s(160.0) == 60.0
    assert replace(FIRST, state=ENDED).silent_s(160.0) == 0.0


def test_of_many_runs_the_last_are_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MOST_RUNS", 3)
    told = Runs(database)
    for number in range(6):
        told.tell(Health(f"{number}", float(number), float(number)))
    assert [one.run for one in told.runs()] == ["5", "4", "3"]


def test_what_another_version_wrote_is_read_as_far_as_it_is_known(database: Database) -> None:
    told = Runs(database)
    told.tell(FIRST)
    values = asdict(FIRST) | {"later": 1}
    del values["lag_s"]
    values["sources"] = [vars(SOURCES[0]) | {"later": 2}]
    with database.writing() as sql:
        sql.execute(update(RUNS).values(record=json.dumps(values)))
    assert told.latest() == FIRST


def test_how_far_a_shadow_agrees_is_added_up_over_the_runs_of_that_pair(database: Database) -> None:
    told = Runs(database)
    assert told.agreed("aa", "bb") is None
    other = Agreed("a", "c", "aa", "cc", 5)
    for number, agreed in enumerate((AGREED, (*AGREED, other), (other,), ())):
        told.tell(Health(f"{number}", float(number), float(number), agreed=agreed))
    found = told.agreed("aa", "bb")
    assert found
    assert (found.flows, found.families) == (200, (OfFamily("dos", 12, 2, 4, 2),))
