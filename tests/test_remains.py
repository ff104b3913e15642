import time
from contextlib import closing
from pathlib import Path

import pytest

from bundles import flows
from redshank.config import load
from redshank.core.metrics import Metrics
from redshank.core.metrics_server import MetricsServer
from redshank.remains import Backlog, look
from redshank.running import Running
from redshank.store.database import Database
from redshank.store.outbox import Outbox
from runs import ATTACK
from sites import Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path)
    made.table(flows(ATTACK))
    return made


def test_before_the_first_run_there_is_nothing_and_nothing_is_made(place: Place) -> None:
    found = look(load(place.settings()))
    assert found.fresh
    assert (found.store, found.problem, found.samples) == (str(place.store), "", None)
    assert found.free_mib is not None
    assert not (place.folder / "state").exists()


def test_after_a_run_the_store_says_what_is_left(place: Place) -> None:
    settings = load(place.settings(respond="[respond]\n[[respond.rules]]\nmeasure = 'block'\n"))
    with Running(settings) as running:
        running.run()
    with closing(Database(place.store)) as database:
        outbox = Outbox(database)
        with database.writing() as sql:
            sql.exec_driver_sql("update outbox set state = 'waiting', since_s = 1000.0, at_s = 1000.0")
        first, second = outbox.due("eve", 1e12, 2)
        outbox.failed(first.key, "eve: the disk is full", 1100.0)  # behind others that were never tried
        outbox.failed(second.key, "eve: gone", None)
        waiting = outbox.counts()["eve", "waiting"]
    (place.folder / "state" / "dead-letters.jsonl").write_text("{}\n")
    found = look(settings, now_s=1700.0)
    assert found.sinks == {"eve": Backlog(waiting, 1, 700.0, "eve: the disk is full")}
    assert found.alerts == 2
    assert [(run.state, run.alerts) for run in found.runs] == [("ended", 2)]
    assert found.store_mib > 0
    assert found.files == {"dead-letters.jsonl": 3}
    assert found.actions == {"proposed": 1}  # one model's word waits for a person
    assert found.last_alert_s is not None


def test_a_store_that_is_none_is_a_problem_and_a_password_is_not_told(place: Place) -> None:
    place.store.parent.mkdir()
    place.store.write_text("not a database, but long enough to be looked at")
    assert "redshank.db" in look(load(place.settings())).problem
    secret = "[store]\nurl = 'mysql://ana:geheim@db/x'\n"
    found = look(load(place.settings(store=secret)))
    assert "mysql://... is not known" in found.problem.replace("'", "")
    assert "geheim" not in repr(found)


def test_a_running_service_is_asked_for_its_metrics_and_its_health(place: Place) -> None:
    metrics = Metrics()
    metrics.count("redshank_shed_rows_total", 7, step="benign")
    with closing(MetricsServer(metrics, "127.0.0.1:0", lambda: "sinks x no longer work")) as server:
        where = f"[service]\nstate = '{place.folder / 'state'}'\nmetrics = '127.0.0.1:{server.port}'\n"
        found = look(load(place.settings(service=where)))
    assert found.samples is not None
    assert found.samples["redshank_shed_rows_total", ("benign",)] == 7
    assert found.health == "sinks x no longer work"
    assert look(load(place.settings(service=where)), time.time()).samples is None
