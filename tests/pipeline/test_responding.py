import threading
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from records import alert
from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.pipeline import responding
from redshank.pipeline.responding import Responding
from redshank.store.alerts import Alerts
from redshank.store.audit import Audit
from redshank.store.database import Database

NOW_S = 1_700_000_000.0


@dataclass
class Slow:
    """A responder that waits for a test's word before it answers."""

    go_on: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    taken: list[tuple[list[str], set[str]]] = field(default_factory=list)
    answers: dict[str, float] = field(default_factory=dict)
    earlier: list[str] = field(default_factory=list)
    refuted: list[str] = field(default_factory=list)
    ticks: int = 0
    problem: str = ""
    error: Exception | None = None

    def take(self, alerts: Sequence[Alert], now_s: float, confirmed: Container[str], refuted: Container[str]) -> None:
        del now_s
        self.refuted += [one for one in {*self.earlier, *(one.id for one in alerts)} if one in refuted]
        self.begun.set()
        self.go_on.wait(60)
        if self.error:
            raise self.error
        self.taken.append(([one.id for one in alerts], {one.id for one in alerts if one.id in confirmed}))

    def held_against(self, alerts: Sequence[Alert]) -> set[str]:
        del alerts
        return set(self.earlier)

    def answered(self, since_s: Mapping[str, float]) -> set[str]:
        return {alert for alert in since_s if self.answers.get(alert, -1.0) >= since_s[alert]}

    def tick(self, now_s: float) -> None:
        del now_s
        self.ticks += 1


@dataclass
class House:
    """What responds, with a store."""

    database: Database
    slow: Slow = field(default_factory=Slow)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.responding = Responding(
            self.slow, Alerts(self.database), Audit(self.database), self.metrics, clock=lambda: NOW_S
        )

    def run_once(self) -> list[tuple[list[str], set[str]]]:
        """Let it work until what there is is done, and return what was taken meanwhile."""
        before = len(self.slow.taken)
        self.slow.go_on.set()
        self.responding.start()
        self.responding.stop(60)
        return self.slow.taken[before:]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with closing(Database(tmp_path / "redshank.db", create=True)) as database:
        yield House(database)


def test_who_hands_alerts_over_waits_for_nobody_and_their_order_stays(house: House) -> None:
    house.responding.start()
    house.responding.take([alert(id="one")])
    assert house.slow.begun.wait(60)
    house.responding.take([alert(id="two")])
    house.responding.take([alert(id="three")])
    assert house.slow.taken == []
    house.slow.go_on.set()
    house.responding.stop(60)
    assert house.slow.taken == [(["one"], set()), (["two", "three"], set())]
    assert house.slow.ticks >= 2
    assert not house.responding.broken


def test_who_was_escalated_before_it_grew_is_confirmed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Alerts(house.database)
    store.record([alert(id="one"), alert(id="two")], [], 1.0)
    store.judge(["one"], "escalated", "ana", 2.0)
    house.slow.go_on.set()
    house.responding.take([alert(id=name, revision=1) for name in ("one", "two", "new")])
    house.responding.start()
    house.responding.stop(60)
    assert house.slow.taken == [(["one", "two", "new"], {"one"})]

    def away(*_: object) -> None:
        raise ActionError("store: the server is away")

    later = House(house.database)
    monkeypatch.setattr(Alerts, "in_state", away)
    later.slow.go_on.set()
    later.responding.take([alert(id="one", revision=2)])
    later.responding.start()
    later.responding.stop(60)
    assert later.slow.taken == [(["one"], set())], "less is done, never more"


def test_what_was_called_false_is_told_to_who_answers_also_of_earlier_windows(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = Alerts(house.database)
    store.record([alert(id=name) for name in ("one", "two", "earlier", "before")], [], 1.0)
    store.judge(["one", "earlier"], "false_alarm", "ana", 2.0)
    house.slow.earlier = ["earlier", "before", "two"]
    house.responding.take([alert(id=name, revision=1) for name in ("one", "two")])
    house.run_once()
    assert sorted(house.slow.refuted) == ["earlier", "one"]

    def away(*_: object) -> None:
        raise ActionError("store: the server is away")

    later = House(house.database)
    monkeypatch.setattr(Alerts, "in_state", away)
    later.slow.earlier = ["earlier", "before", "two"]
    later.responding.take([alert(id="two", revision=2)])
    later.run_once()
    assert sorted(later.slow.refuted) == ["before", "earlier"], "less is done, never more; and it is answered"
    assert "alerts called false: store: the server is away; nothing counts as repeated" in caplog.text


def escalated(database: Database, name: str, at_s: float) -> None:
    store = Alerts(database)
    store.record([alert(id=name)], [], at_s - 10)
    store.judge([name], "escalated", "ana", at_s)


def test_an_alert_that_is_over_is_answered_when_a_person_escalates_it_and_once(house: House) -> None:
    escalated(house.database, "one", NOW_S - 1)
    assert house.run_once() == [(["one"], {"one"})]
    house.slow.answers["one"] = NOW_S
    later = House(house.database, house.slow)
    assert later.run_once() == [], "after a restart the ledger has the answer"
    Alerts(house.database).judge(["one"], "open", "ana", NOW_S + 1)
    Alerts(house.database).judge(["one"], "escalated", "ana", NOW_S + 2)
    assert House(house.database, house.slow).run_once() == [(["one"], {"one"})], "escalated anew"


def test_while_it_runs_it_follows_what_people_escalate(house: House) -> None:
    house.slow.go_on.set()
    house.responding.start()
    escalated(house.database, "one", NOW_S)
    house.responding.stop(60)
    assert house.slow.taken == [(["one"], {"one"})]


def test_what_is_no_longer_escalated_or_was_long_ago_is_not_answered(house: House) -> None:
    escalated(house.database, "of-last-week", NOW_S - 7 * 86_400)
    escalated(house.database, "again-open", NOW_S - 2)
    Alerts(house.database).judge(["again-open"], "open", "ana", NOW_S - 1)
    assert house.run_once() == []


def test_what_a_killed_run_recorded_last_is_answered_in_its_order_before_anything_new(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responding, "AT_ONCE", 2)
    heard_s, store = NOW_S - 600, Alerts(house.database)
    store.record([alert(id="long-decided-upon")], [], heard_s - responding.UNHEARD_S - 1)
    names = ("one", "two", "answered", "false", "closed", "escalated", "three")
    for second, name in enumerate(names):
        store.record([alert(id=name, last_seen_s=9.0 - second)], [], heard_s - 2 + second)
    for name, state in (("false", "false_alarm"), ("closed", "closed"), ("escalated", "escalated")):
        store.judge([name], state, "ana", NOW_S - 5)
    store.judge(["two"], "acknowledged", "ana", NOW_S - 5)
    house.slow.answers["answered"] = heard_s
    house.responding.resume(heard_s)
    store.record([alert(id="new")], [], NOW_S)
    house.responding.take([alert(id="new")])
    taken = house.run_once()
    assert [one for names, _ in taken for one in names] == ["one", "two", "three", "new", "escalated"]
    assert [one for _, confirmed in taken for one in confirmed] == ["escalated"]


def test_what_a_run_recorded_that_was_killed_long_ago_is_not_answered(house: House) -> None:
    heard_s = NOW_S - responding.ESCALATED_S
    Alerts(house.database).record([alert(id="one")], [], heard_s - 1)
    house.responding.resume(heard_s)
    assert house.run_once() == []


def test_a_store_that_is_away_at_the_start_is_asked_again_for_what_a_killed_run_recorded(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> None:
        raise ActionError("store: the server is away")

    Alerts(house.database).record([alert(id="one")], [], NOW_S - 1)
    house.responding.resume(NOW_S)
    with monkeypatch.context() as patched:
        patched.setattr(Alerts, "find", away)
        assert house.run_once() == []
    assert caplog.text.count("alerts of a killed run: store: the server is away; they wait for their answer") == 1
    house.responding._answer_unheard()
    house.responding._answer_unheard()
    assert house.slow.taken == [(["one"], set())]


def test_a_store_that_is_away_answers_no_escalation_and_the_next_look_does(
    house: House, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object) -> None:
        raise ActionError("store: the server is away")

    escalated(house.database, "one", NOW_S - 1)
    with monkeypatch.context() as patched:
        patched.setattr(Alerts, "find", away)
        assert house.run_once() == []
    assert "escalations: store: the server is away; none counts as confirmed" in caplog.text
    house.responding._follow_escalations()
    assert house.slow.taken == [(["one"], {"one"})]


def test_what_people_decided_about_alerts_is_followed_by_the_thread_that_answers_and_a_failure_ends_nothing(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[float] = []

    def look(now_s: float) -> None:
        looks.append(now_s)
        raise ActionError("store: the server is away")

    made = Responding(
        house.slow, Alerts(house.database), Audit(house.database), house.metrics, look, clock=lambda: NOW_S
    )
    house.slow.go_on.set()
    made.take([alert(id="one")])
    made.start()
    made.stop(60)
    assert (set(looks), house.slow.taken, made.broken) == ({NOW_S}, [(["one"], set())], False)
    told = "what people decided about alerts: store: the server is away; nothing is taken back for it"
    assert caplog.text.count(told) == 1


def test_of_too_many_alerts_the_oldest_are_not_answered_and_that_is_counted(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(responding, "MOST_WAITING", 3)
    house.responding.take([alert(id=str(n)) for n in range(5)])
    house.slow.go_on.set()
    house.responding.start()
    house.responding.stop(60)
    assert [names for names, _ in house.slow.taken] == [["2", "3", "4"]]
    assert house.metrics.labelled("redshank_action_problems_total") == {("overrun",): 2}


def test_an_end_waits_as_long_as_it_is_told_to(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.responding.start()
    house.responding.take([alert(id="one")])
    assert house.slow.begun.wait(60)
    house.responding.take([alert(id="two")])
    house.responding.stop(0.0)
    assert "responder: still busy after 0 s; left alone, with 2 alerts to answer" in caplog.text
    assert house.metrics.labelled("redshank_action_problems_total") == {("unanswered",): 2}
    house.slow.go_on.set()
    house.responding.stop(60)
    assert house.slow.taken == [(["one"], set()), (["two"], set())]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_error_of_the_program_is_seen(house: House) -> None:
    house.slow.error = TypeError("a mistake of ours")
    house.slow.go_on.set()
    house.responding.start()
    house.responding.take([alert(id="one")])
    house.responding.stop(60)
    assert house.responding.broken
