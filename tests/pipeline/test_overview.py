import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from bundles import flows
from records import alert
from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.detect.agreed import Agreed, OfFamily
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.drift import Compared
from redshank.pipeline import counting, overview
from redshank.pipeline.overview import EVERY_S, Moment, Overview
from redshank.pipeline.tally import Tally
from redshank.store.database import Database
from redshank.store.drift import Readings
from redshank.store.runs import ENDED, JUDGING, Runs, SourceHealth
from redshank.store.traffic import Kind, Traffic
from runs import Constant

AGREED = Agreed("site", "next", "aa", "bb", 7, (OfFamily("dos", 3),))
NOW_S = 1_700_000_000.0
MOMENT = Moment((SourceHealth("eth1", up=True),), 5, 2, "sinks eve no longer work")


@dataclass(frozen=True)
class Watching(Constant):
    """A detector with a bundle that watches for drift."""

    news: list[Compared] = field(default_factory=list)
    graph: list[str] = field(default_factory=lambda: ["aa"])

    @property
    def bundles(self) -> dict[str, str]:
        return {"site": self.graph[0]}

    @property
    def agreed(self) -> Agreed:
        return AGREED

    def compared(self) -> list[Compared]:
        found, self.news[:] = list(self.news), []
        return found


@dataclass
class Telling:
    """A run that tells, with a clock that a test turns."""

    database: Database
    now_s: float = NOW_S
    metrics: Metrics = field(default_factory=Metrics)
    detector: Watching = field(default_factory=lambda: Watching(0.9, "dos", alarm=True))

    def __post_init__(self) -> None:
        self.tally = Tally(self.metrics)
        self.overview = Overview(
            *(self.database, self.tally, self.metrics, {"watching": self.detector}, DeviceGroups()),
            most_waiting_rows=1000,
            clock=lambda: self.now_s,
            timer=lambda: self.now_s,
        )

    def see(self, n: int) -> None:
        some = flows(["dos"] * n)
        self.overview.see(some, self.detector.judge(some))

    def tick(self, later_s: float = EVERY_S) -> None:
        self.now_s += later_s
        self.overview.tick(lambda: MOMENT)
        assert self.overview._beside.wait(60)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Telling]:
    database = Database(tmp_path / "redshank.db", create=True)
    yield Telling(database)
    database.close()


def flows_told(run: Telling) -> int:
    return sum(one.flows for one in Traffic(run.database).mix("verdict", 0, 2e9))


def test_a_run_tells_how_it_is_at_once_and_every_few_seconds(run: Telling) -> None:
    run.metrics.count("redshank_shed_rows_total", 7, step="quiet")
    run.metrics.count("redshank_lost_total", 2, what="alerts")
    run.metrics.count("redshank_anomalies_total", 3, stage="capture", name="ring_dropped")
    run.see(4)
    run.tick(0)
    told = Runs(run.database).latest()
    assert told
    assert (told.state, told.told_at_s, told.waiting_rows, told.most_waiting_rows) == (JUDGING, NOW_S, 5, 1000)
    assert (told.unrecorded_alerts, told.problem, told.sources) == (2, "sinks eve no longer work", MOMENT.sources)
    assert (told.shed, told.lost, told.anomalies) == ({"quiet": 7}, {"alerts": 2}, {"capture.ring_dropped": 3})
    assert told.packet_time_s
    assert told.lag_s == NOW_S - told.packet_time_s
    run.see(2)
    run.tick(EVERY_S / 2)
    assert flows_told(run) == 4
    run.tick(EVERY_S / 2)
    assert flows_told(run) == 6
    run.overview.finish(replace(MOMENT, state=ENDED), 60)
    last = Runs(run.database).latest()
    assert last
    assert (last.run, last.state) == (told.run, ENDED)


def test_how_far_a_shadow_agrees_is_told(run: Telling) -> None:
    run.tick()
    assert Runs(run.database).agreed("aa", "bb") == AGREED


def test_what_the_store_refuses_is_told_later_and_once(run: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise ActionError("store: 'redshank.db': database or disk is full")

    run.detector.news.append(Compared("all", 10**9, 0.5, moved=False, psi={"p_value": 0.25, "gap": 0.5}))
    run.see(4)
    with monkeypatch.context() as patched:
        patched.setattr(Readings, "add", full)
        run.tick()
    assert flows_told(run) == 4, "what was written before the failure"
    with monkeypatch.context() as patched:
        patched.setattr(Traffic, "add", full)
        run.see(3)
        run.tick()
    assert flows_told(run) == 4
    run.tick()
    assert flows_told(run) == 7
    (reading,) = Readings(run.database).newest()
    assert (reading.detector, reading.bundle) == ("watching", "site")
    assert (reading.score_psi, reading.input_psi, reading.worst) == (0.25, 0.5, (("gap", 0.5),))


def test_what_the_store_never_knows_is_counted(run: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise ActionError("store: 'redshank.db': database or disk is full")

    compared = Compared("all", 10**9, 0.5, moved=False, psi={"p_value": 0.25, "gap": 0.5})
    monkeypatch.setattr(overview, "MOST_WAITING", 2)
    monkeypatch.setattr(counting, "MOST_KINDS", 1)
    monkeypatch.setattr(Traffic, "add", full)
    run.detector.news.extend([compared] * 5)
    run.see(4)
    some = flows(["dos"] * 3, src_ip_bytes=[1] * 3, proto=["icmp"] * 3)
    run.overview.see(some, run.detector.judge(some))
    run.tick()
    assert run.metrics.named("redshank_lost_total") == {"comparisons": 3, "counted_flows": 3}
    run.overview.finish(replace(MOMENT, state=ENDED), 60)
    assert run.metrics.named("redshank_lost_total") == {"comparisons": 5, "counted_flows": 7}
    told = Runs(run.database).latest()
    assert told
    assert (told.uncounted, told.lost) == (3, {"comparisons": 3, "counted_flows": 3})


def test_the_size_of_the_store_is_shown(run: Telling) -> None:
    run.tick(0)
    (line,) = (one for one in run.metrics.text().splitlines() if one.startswith("redshank_store_bytes "))
    with run.database.reading() as sql:
        assert 0 < float(line.split()[1]) <= run.database.used_bytes(sql)


def test_a_slow_store_holds_up_nobody(run: Telling, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    add = Traffic.add

    def slow(traffic: Traffic, counts: Mapping[Kind, tuple[int, int]], at_s: float) -> None:
        go_on.wait(60)
        add(traffic, counts, at_s)

    monkeypatch.setattr(Traffic, "add", slow)
    run.see(4)
    run.overview.tick(lambda: MOMENT)
    run.see(3)
    run.now_s += 2 * EVERY_S
    run.overview.tick(lambda: MOMENT)
    assert flows_told(run) == 0
    go_on.set()
    run.tick()
    run.tick()
    assert flows_told(run) == 7


def test_how_long_alerts_take_is_told_of_those_that_go_on(run: Telling) -> None:
    seen = [alert(id=str(ago_s), last_seen_s=NOW_S - ago_s, over=False) for ago_s in (1.0, 2.0, 9.0)]
    run.overview.told([*seen, alert(id="old", last_seen_s=NOW_S - 500, over=True)])
    run.tick()
    told = Runs(run.database).latest()
    assert told
    assert (told.alert_delay_s, told.worst_alert_delay_s) == (2.0, 9.0)


def test_since_when_a_bundle_judges_outlives_the_run_and_ends_with_another_bundle(run: Telling) -> None:
    run.tick(0)
    later = Telling(run.database, now_s=NOW_S + 100)
    later.overview.start()
    later.tick()
    told = Runs(run.database).latest()
    assert told
    assert [(one.detector, one.bundle, one.since_s) for one in told.judges] == [("watching", "site", NOW_S)]
    later.detector.graph[:] = ["bb"]
    later.tick()
    later.detector.graph[:] = ["aa"]
    later.tick()
    found = Runs(run.database).latest()
    assert found
    assert [one.since_s for one in found.judges] == [NOW_S + 115]
