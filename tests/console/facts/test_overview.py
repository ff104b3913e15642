from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import update

from console.filled import CHAMPION, Filled
from redshank.console.desk import Desk
from redshank.console.facts.overview import Moment
from redshank.console.facts.responses import Book
from redshank.store.database import Database
from redshank.store.drift import Reading, Readings
from redshank.store.runs import Runs
from redshank.store.tables import OUTBOX


class Site:
    """A desk with a clock, and what the page shows."""

    def __init__(self, filled: Filled) -> None:
        self.filled, self.now_s = filled, filled.now_s
        self.desk = Desk(filled.settings, filled.database, now_s=lambda: self.now_s)

    def moment(self, span: str = "24h") -> Moment:
        self.now_s += 10.0  # so that nothing is taken from before
        return Moment(self.desk, Book(self.desk), span)

    def needs(self) -> Iterator[str]:
        return (one.text for one in self.moment().needs)


@pytest.fixture
def site(filled: Filled) -> Site:
    return Site(filled)


def test_a_day_shows_what_the_store_has_of_it(site: Site) -> None:
    it = site.moment()
    assert sum(it.alerts.totals) == site.desk.alerts.count()
    assert set(it.verdicts.kinds) >= {"benign", "alarm"}
    assert {one.value for one in it.services} >= {"dns", "http"}
    assert it.at_risk[0].device is not None
    assert it.health is not None
    assert it.health.sources[0].packets > 0
    assert it.in_service.champion == CHAMPION
    assert it.in_service.since_s is not None
    assert it.questions["open"] > 10
    assert {one.alert.severity for one in it.urgent} <= {"critical", "high"}
    assert sum(site.moment("7d").alerts.totals) == sum(it.alerts.totals)


def test_what_needs_somebody_is_said_the_worst_first(site: Site) -> None:
    needs = site.moment().needs
    assert [one.kind for one in needs] == sorted((one.kind for one in needs), key=("bad", "warn", "good").index)
    texts = " / ".join(one.text for one in needs)
    assert "open alerts of high or critical severity" in texts
    assert "waiting for approval" in texts
    assert "questions waiting for an answer" in texts
    assert "The service has ended" in texts


def test_a_service_that_fell_silent_is_told(site: Site) -> None:
    runs = Runs(site.filled.database)
    last = runs.latest()
    assert last is not None
    runs.tell(replace(last, state="judging", told_at_s=site.now_s - 100))
    assert site.moment().silent_s > 100
    assert any("was not heard of" in text for text in site.needs())
    runs.tell(replace(last, state="judging", told_at_s=site.now_s + 20, problem="the disk is full"))
    assert "The service says: the disk is full" in site.needs()


def test_what_a_service_that_runs_gave_up_or_lost_is_told(site: Site) -> None:
    runs = Runs(site.filled.database)
    last = runs.latest()
    assert last is not None
    dropping = replace(last.sources[0], dropped=1_200)
    given_up = replace(
        last, sources=(dropping,), shed={"interim": 1, "oldest": 2}, lost={"alerts": 4, "archive_rows": 9}
    )
    runs.tell(replace(given_up, state="judging", told_at_s=site.now_s))
    told = {
        "1,200 packets dropped by the kernel since the service began": "warn",
        "3 rows of flows given up unjudged since the service began": "warn",
        "Lost: 4 alerts, 9 archive rows since the service began": "bad",
    }
    assert told.items() <= {one.text: one.kind for one in site.moment().needs}.items()
    runs.tell(replace(given_up, state="ended", told_at_s=site.now_s))
    assert not told.keys() & set(site.needs())


def test_what_is_broken_is_told(site: Site) -> None:
    with site.filled.database.writing() as sql:
        sql.execute(update(OUTBOX).values(state="dead"))
    moved = Reading("cameras", "anomaly", "habits", 1.0, 1.0, 0.001, True, 0.5, 0.4, ())
    Readings(site.filled.database).add([moved, replace(moved, detector="classifier")])
    decisions = site.filled.folder / "models" / "decisions.jsonl"
    decisions.write_text("nonsense\n")
    texts = list(site.needs())
    assert any("deliveries were given up" in text for text in texts)
    assert "The traffic of cameras is no longer what was learnt." in texts
    assert "The decisions about bundles cannot be read." in texts
    assert "line 1" in site.moment().in_service.problem


def test_an_empty_store_says_what_to_do(site: Site) -> None:
    database = Database(site.filled.folder / "empty.db", create=True)
    desk = Desk(site.filled.settings, database, now_s=lambda: site.now_s)
    it = Moment(desk, Book(desk), "24h")
    assert [one.text for one in it.needs] == ["No service has run with this store yet; `redshank run` begins one."]
    assert it.alerts.empty
    assert it.at_risk == []
    database.close()
