from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bundles import flows, tiny_bundle
from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.core.records import Label
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.drift import Moved
from redshank.pipeline import asking
from redshank.pipeline.asking import FIRST_S, OPEN_DAYS, ROUND_S, ROUNDS, SOONEST_S, STRATEGY, Asking
from redshank.store.database import Database
from redshank.store.question import Question, flow_rows
from redshank.store.queue import DAY_S, Queue
from runs import Constant, parts

NOW_S = 1_700_000_000.0
PER_DAY = 16


@dataclass(frozen=True)
class Watching(Constant):
    """A detector that watches for drift, and tells no classes apart."""

    groups: dict[str, Moved] = field(default_factory=dict)

    @property
    def moved(self) -> dict[str, Moved]:
        return self.groups


@dataclass
class Site:
    """What asks, with a clock that a test turns."""

    database: Database
    per_day: int = PER_DAY
    now_s: float = NOW_S
    metrics: Metrics = field(default_factory=Metrics)
    watching: Watching = field(default_factory=lambda: Watching(None, None, alarm=False))

    def __post_init__(self) -> None:
        self.classifier = Classifier(tiny_bundle())
        self.asking = Asking(
            *(self.database, [self.watching, self.classifier], DeviceGroups({"10.0.2.0/24": "cameras"}), self.per_day),
            metrics=self.metrics,
            seed=1,
            clock=lambda: self.now_s,
            timer=lambda: self.now_s,
        )

    def see(self, n: int, seed: int = 0, network: str = "10.0.0", **columns: Any) -> None:
        kinds = ["benign", "scanning", "dos", "strange"] * (n // 4)
        devices = [f"{network}.{at % 40}" for at in range(n)]
        ports = [at % 9 for at in range(n)]
        batch = flows(kinds, seed=seed, **{"src_ip": devices, "dst_port": ports, **columns})
        self.asking.see(batch, self.classifier.judge(batch))

    def tick(self, later_s: float) -> list[Question]:
        self.now_s += later_s
        self.asking.tick()
        assert self.asking._beside.wait(60)
        return Queue(self.database).questions()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "redshank.db", create=True)
    yield made
    made.close()


def test_uncertain_flows_reach_the_store_with_why_they_were_chosen(database: Database) -> None:
    site = Site(database)
    site.see(200)
    assert site.tick(FIRST_S - 1) == []
    asked = site.tick(1)
    assert len(asked) == PER_DAY / ROUNDS
    for number, one in enumerate(asked):
        assert (one.strategy, one.place, one.bundle, one.asked_at_s) == (STRATEGY, number, "tiny", NOW_S + FIRST_S)
        assert " or " in one.why
        assert one.why.endswith("(the running service chose it, by what the model says alone)")
        assert one.why.startswith("drawn at random") == one.at_random
        x = site.classifier._features.encode(flow_rows([one.flow]))
        np.testing.assert_array_equal(x[0], one.values)
        assert sum(one.probabilities) == pytest.approx(1)
    assert Queue(database).labels() == []
    assert any("no class fits it" in one.why for one in asked), "of 200 flows 50 fit nothing"


def test_a_day_has_so_many_questions_and_no_more_also_over_restarts(database: Database) -> None:
    for _ in range(3):
        site = Site(database, now_s=NOW_S)
        for hour in range(ROUNDS):
            site.see(40, seed=hour)
            site.tick(ROUND_S)
    assert len(Queue(database).questions()) == PER_DAY
    site.now_s = NOW_S + DAY_S + 2 * ROUND_S
    site.see(40, seed=99)
    assert len(site.tick(ROUND_S)) > PER_DAY


def test_nobody_is_asked_on_while_nobody_answers(database: Database) -> None:
    site = Site(database, per_day=2)
    for day in range(10):
        site.see(40, seed=day)
        site.tick(DAY_S / 2 + 1)
    questions = Queue(database).questions()
    assert len(questions) == 2 * OPEN_DAYS
    Queue(database).tell([Label.of(questions[0].id, questions[0].uid, "benign", "ana", site.now_s, "person")])
    site.see(40, seed=50)
    assert len(site.tick(DAY_S)) == 2 * OPEN_DAYS + 1


def test_what_looks_like_a_flow_that_was_asked_about_is_not_asked_again(database: Database) -> None:
    site = Site(database)
    for round_ in range(3):
        site.see(4, uid=[f"C{round_}x{at}" for at in range(4)])
        site.tick(ROUND_S)
    seen = [one.x for one in Queue(database).questions()]
    assert 2 <= len(seen) == len(set(seen)) <= 4


def test_a_group_that_moved_brings_a_round_at_once_and_its_reason(database: Database) -> None:
    site = Site(database)
    site.see(200)
    before = len(site.tick(FIRST_S))
    site.see(200, seed=1)
    site.see(40, seed=2, network="10.0.2")
    site.watching.groups["cameras"] = Moved("cameras", 0.0005, {"src_bytes": 0.7})
    asked = site.tick(SOONEST_S)
    assert len(asked) == before + 2
    reasons = [one for one in asked if "traffic of group cameras has moved away from what was learnt" in one.why]
    assert len(reasons) >= 1
    assert all(one.device.startswith("10.0.2.") for one in reasons)
    site.see(200, seed=3)
    assert len(site.tick(2 * SOONEST_S)) == before + 2, "once for each time that it moves"


def test_rows_of_flows_that_go_on_and_batches_of_others_are_no_candidates(database: Database) -> None:
    site = Site(database)
    batch = parts(flows(["dos"] * 8), *["interim"] * 8)
    site.asking.see(batch, site.classifier.judge(batch))
    other = flows(["dos"] * 4)
    site.asking.see(other, site.classifier.judge(flows(["dos"] * 4)))
    assert site.tick(FIRST_S) == []


def test_nothing_is_asked_where_nothing_may_be_and_the_end_asks_about_what_is_left(database: Database) -> None:
    silent = Site(database, per_day=0)
    silent.see(40)
    silent.asking.finish(10)
    assert silent.tick(FIRST_S) == []
    site = Site(database)
    site.see(40)
    site.asking.finish(20)
    assert len(Queue(database).questions()) == 2


def test_a_round_that_the_store_refuses_is_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise ActionError("store: 'redshank.db': database or disk is full")

    site = Site(database)
    site.see(400)
    with monkeypatch.context() as patched:
        patched.setattr(Queue, "add", full)
        assert site.tick(FIRST_S) == []
    assert site.asking.problem == "questions: store: 'redshank.db': database or disk is full"
    assert site.metrics.named("redshank_lost_total") == {"question_rounds": 1}
    site.see(400, seed=1)
    assert site.tick(ROUND_S)
    assert site.metrics.named("redshank_lost_total") == {"question_rounds": 1}


def test_of_very_many_flows_some_are_looked_at(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "BURST", 40)
    monkeypatch.setattr(asking, "LOOKED_PER_S", 10)
    site = Site(database)
    for second in range(3):
        site.see(100, seed=second)
        site.now_s += 1
    assert site.asking._every.flows_seen == 40 + 10 + 10


def test_a_flow_that_the_model_gives_nothing_for_is_asked_about(database: Database) -> None:
    site = Site(database)
    batch: pa.RecordBatch = flows(["benign"] * 4, src_ip_bytes=[None] * 4, dst_ip_bytes=[None] * 4)
    site.asking.see(batch, site.classifier.judge(batch))
    assert all(sum(one.probabilities) == pytest.approx(1) for one in site.tick(FIRST_S))
