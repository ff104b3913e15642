from dataclasses import replace

import pytest

from console.cases import asked_about, put, told
from console.conftest import Clock
from redshank.active.told import told as learnt_from
from redshank.console.acts import alerts as acts
from redshank.console.acts.alerts import Outcome
from redshank.console.desk import Desk
from redshank.console.facts import alert as facts
from redshank.console.people import Person
from redshank.console.query import read
from redshank.core.allowance import Allowance
from redshank.core.errors import ActionError, ConfigError
from redshank.store.ledger import Journal
from redshank.store.question import ALERT, Question
from responses import action

ANA, BEN = Person("ana", "analyst"), Person("ben", "analyst")


def unlike(asked: list[Question]) -> list[Question]:
    """Return them so that a model can tell all of them apart."""
    return [replace(one, x=bytes([place]) * len(one.x)) for place, one in enumerate(asked)]


def states(desk: Desk) -> dict[str, str]:
    return {one.alert.id: one.state for one in desk.alerts.find()}


def test_marked_alerts_are_judged_with_a_name_in_the_audit(desk: Desk) -> None:
    put(desk, told("a"), told("b"), told("c"))
    assert acts.judge(desk, ANA, ["a", "b", "none"], "acknowledged", "seen") == Outcome(2, left=1)
    assert states(desk) == {"a": "acknowledged", "b": "acknowledged", "c": "open"}
    entries = desk.audit.entries(about="a")
    assert [(one.who, one.what, one.detail["why"]) for one in entries] == [("ana", "alert acknowledged", "seen")]


def test_all_that_fit_are_judged_but_not_what_came_meanwhile(desk: Desk) -> None:
    put(desk, told("a"), told("b", family="dos"), told("c"))
    arrival = desk.alerts.last_arrival()
    put(desk, told("d"), told("c", revision=1))
    query = read("family:scanning", 0.0)
    assert acts.judge_all(desk, ANA, query, arrival, "escalated") == Outcome(1)
    assert states(desk) == {"a": "escalated", "b": "open", "c": "open", "d": "open"}
    with pytest.raises(ConfigError, match="none fits this query any more"):
        acts.judge_all(desk, ANA, read("family:mitm", 0.0), arrival, "escalated")


@pytest.mark.parametrize(
    ("ids", "state", "why", "message"),
    [
        ([], "open", "", "alerts: none is marked"),
        (["a"], "done", "", "state: 'done' is none; allowed are open, acknowledged"),
        ([str(number) for number in range(501)], "open", "", "alerts: 501 are marked; at most 500 at once"),
        (["a"], "open", "x" * 1_001, "why: 1001 characters; at most 1000"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(desk: Desk, ids: list[str], state: str, why: str, message: str) -> None:
    put(desk, told("a"))
    with pytest.raises(ConfigError, match=message):
        acts.judge(desk, ANA, ids, state, why)
    assert states(desk) == {"a": "open"}


def test_more_than_can_be_decided_at_once_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(acts, "MOST_AT_ONCE", 2)
    put(desk, told("a"), told("b"), told("c"))
    with pytest.raises(ConfigError, match="alerts: more than 2 fit; look for fewer"):
        acts.judge_all(desk, ANA, read("", 0.0), 99, "closed")
    assert set(states(desk).values()) == {"open"}


def test_who_calls_an_alert_false_labels_the_flows_that_can_be_learnt_from(desk: Desk) -> None:
    alert, questions = asked_about(2)
    desk.queue.add(questions)
    put(desk, alert)
    assert acts.call_false(desk, ANA, alert.id, "our scanner", label=True) == Outcome(1, labels=2)
    assert states(desk) == {alert.id: "false_alarm"}
    given = desk.queue.labels()
    assert {(one.question, one.family, one.annotator, one.origin) for one in given} == {
        (one.id, "benign", "ana", "console") for one in questions
    }
    assert {one.evidence for one in given} == {f"alert {alert.id}"}
    assert acts.call_false(desk, ANA, alert.id, "again", label=True).labels == 0  # it is said already
    assert acts.judge(desk, BEN, [alert.id], "open").labels == 0  # of others nothing is withdrawn
    assert acts.judge(desk, ANA, [alert.id], "open") == Outcome(1, labels=2)
    assert all(not said for said in desk.queue.words([one.id for one in questions], desk.now_s()).values())


def test_flows_that_nobody_was_asked_about_are_labelled_and_never_asked_about(desk: Desk, clock: Clock) -> None:
    alert, asked = asked_about(5)
    put(desk, alert)
    kept = [replace(one, strategy=ALERT, wanted=0) for one in asked]
    desk.queue.add(asked[:1])
    assert desk.examples.keep((alert.id, one) for one in kept) == 3
    assert acts.call_false(desk, ANA, alert.id, "our scanner", label=True) == Outcome(1, labels=3)
    given = desk.queue.labels()
    assert {one.question for one in given} == {one.id for one in asked[:3]}
    assert {(one.family, one.evidence) for one in given} == {("benign", f"alert {alert.id}")}
    assert {one.id: one.strategy for one in desk.queue.questions()} == {
        asked[0].id: "margin", asked[1].id: ALERT, asked[2].id: ALERT,
    }  # fmt: skip
    said = learnt_from(desk.queue, "conn", desk.now_s())
    assert [said.questions[row].x for row in said.labelled.tolist()] == [x.tobytes() for x in said.x[said.labelled]]
    assert acts.judge(desk, ANA, [alert.id], "open") == Outcome(1, labels=3)
    assert desk.queue.counts(desk.now_s()) == {"open": 1, "held": 0, "answered": 2}
    taken = desk.queue.take("ben", desk.now_s())
    assert taken is not None
    assert taken.id == asked[0].id
    assert desk.queue.take("ben", desk.now_s(), skip=[taken.id]) is None
    clock.now_s += 60.0
    assert acts.call_false(desk, ANA, alert.id, "it was ours", label=True) == Outcome(1, labels=3)


def test_one_decision_weighs_no_more_than_three_labels(desk: Desk) -> None:
    alert, asked = asked_about(5)
    put(desk, alert)
    desk.queue.add(asked)
    desk.examples.keep((alert.id, replace(one, strategy=ALERT)) for one in asked)
    assert acts.call_false(desk, ANA, alert.id, "our scanner", label=True) == Outcome(1, labels=3)


def test_alerts_that_are_called_false_together_are_labelled_each_if_wanted(desk: Desk) -> None:
    alert, asked = asked_about(5)
    asked = unlike(asked)
    others = [replace(alert, id=name, evidence=alert.evidence[3:]) for name in ("b", "c")]
    put(desk, alert, *others)
    desk.queue.add(asked[:1])
    kept = [replace(one, strategy=ALERT, wanted=0) for one in asked]
    desk.examples.keep([(alert.id, kept[1]), (alert.id, kept[2]), ("b", kept[3]), ("c", kept[3]), ("c", kept[4])])
    names = [alert.id, "b", "c", "none"]
    assert acts.judge(desk, ANA, names, "false_alarm", "ours") == Outcome(3, left=1)
    assert acts.judge(desk, ANA, names, "closed", "ours", label=True) == Outcome(3, left=1)
    assert desk.queue.labels() == []
    assert acts.judge(desk, ANA, names, "false_alarm", "ours", label=True) == Outcome(3, labels=5, left=1)
    given = {(one.question, one.family, one.evidence) for one in desk.queue.labels()}
    assert given == {
        *((one.id, "benign", f"alert {alert.id}") for one in asked[:3]),
        (asked[3].id, "benign", "alert b"),
        (asked[4].id, "benign", "alert c"),
    }
    assert acts.judge(desk, ANA, ["b"], "open") == Outcome(1, labels=1)


def test_many_alerts_that_are_called_false_give_so_many_labels_and_no_more(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acts, "MOST_LABELS", 2)
    monkeypatch.setattr(facts, "AT_ONCE", 2)
    alert, asked = asked_about(5)
    put(desk, *(replace(alert, id=f"{number}") for number in range(5)))
    desk.examples.keep((str(number), replace(one, strategy=ALERT)) for number, one in enumerate(unlike(asked)))
    assert acts.judge_all(desk, ANA, read("", 0.0), 99, "false_alarm", label=True) == Outcome(5, labels=2)


def test_who_decides_meanwhile_has_no_label_given_against_their_word(desk: Desk, clock: Clock) -> None:
    alert, asked = asked_about(1)
    put(desk, alert)
    desk.examples.keep([(alert.id, replace(asked[0], strategy=ALERT))])
    seen_s, clock.now_s = clock.now_s, clock.now_s + 60.0
    acts.judge(desk, BEN, [alert.id], "escalated")
    assert acts.judge(desk, ANA, [alert.id], "false_alarm", "", seen_s, label=True) == Outcome(0, left=1)
    assert desk.queue.labels() == []


def test_a_false_alarm_can_be_allowed_at_once(desk: Desk) -> None:
    put(desk, told("a"), told("b"), told("c", device="10.0.0.8"))
    one = Allowance.of("ana", "our scanner", desk.now_s(), device="10.0.0.7")
    made = acts.call_false(desk, ANA, "a", "our scanner", label=True, allowance=one)
    assert made == Outcome(1, labels=0, closed=1, allowance=one)
    assert states(desk) == {"a": "false_alarm", "b": "closed", "c": "open"}
    assert desk.allowances.standing(desk.now_s()) == [one]
    with pytest.raises(ConfigError, match="alert: none is 'none'"):
        acts.call_false(desk, ANA, "none", "")


def test_a_comment_is_kept_with_its_author(desk: Desk) -> None:
    put(desk, told("a"))
    assert acts.comment(desk, BEN, "a", "two\nlines").who == "ben"
    with pytest.raises(ConfigError, match="comment: nothing is written"):
        acts.comment(desk, BEN, "a", " ")


def test_who_calls_an_alert_false_takes_back_what_was_done_because_of_it_without_any_service(desk: Desk) -> None:
    put(desk, told("a"), told("b", device="10.0.0.8"))
    mine, other = action("10.0.0.7", alert="a"), action("10.0.0.8", alert="b")
    for one in (mine, other):
        desk.ledger().propose(one, 1.0, approval=True)
    assert acts.call_false(desk, ANA, "a", "our scanner") == Outcome(1, taken_back=1)
    entry = desk.ledger().find(mine.id)
    assert (entry.state, entry.by, entry.note) == ("refused", "ana", "alert a is a false alarm: our scanner")
    (noted,) = desk.audit.entries(about=mine.id)
    assert (noted.who, noted.what, noted.detail["why"]) == ("ana", "action undone", entry.note)
    assert acts.judge(desk, BEN, ["a"], "open") == Outcome(1)
    assert acts.judge(desk, BEN, ["a"], "false_alarm", "again") == Outcome(1), "it is taken back once"
    assert desk.ledger().find(other.id).state == "proposed"


def test_an_action_stays_while_another_alert_of_its_device_is_unsettled_and_goes_when_that_is_settled(
    desk: Desk,
) -> None:
    put(desk, told("a"), told("b", family="dos"))
    made = action("10.0.0.7", alert="a")
    desk.ledger().propose(made, 1.0, approval=True)
    assert acts.judge(desk, ANA, ["a"], "false_alarm", "ours") == Outcome(1, kept=1)
    found = facts.case(desk, desk.book, "a")
    assert found is not None
    assert [one.action.id for one in found.kept] == [made.id]
    assert acts.judge(desk, BEN, ["b"], "acknowledged") == Outcome(1)
    assert acts.judge(desk, BEN, ["b"], "closed") == Outcome(1, taken_back=1)
    entry = desk.ledger().find(made.id)
    assert (entry.by, entry.note) == ("ana", "alert a is a false alarm: ours"), "who called it false"


def test_what_calling_an_alert_false_would_take_back_is_told_before(desk: Desk) -> None:
    put(desk, told("a"), told("b", device="10.0.0.8"), told("c", device="10.0.0.8"))
    for name, device in (("a", "10.0.0.7"), ("b", "10.0.0.8")):
        desk.ledger().propose(action(device, alert=name), 1.0, approval=True)

    def would(name: str) -> tuple[list[str], list[str]]:
        filed = desk.alerts.get(name)
        assert filed is not None
        found = facts.falsely(desk, filed)
        return [one.action.alert for one in found.taken_back], [one.action.alert for one in found.kept]

    assert [would(name) for name in ("a", "b", "c")] == [(["a"], []), ([], ["b"]), ([], [])]


def test_a_ledger_that_cannot_be_written_is_told_of_after_alerts_are_decided_on(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bool:
        raise ActionError("ledger: disk is full")

    put(desk, told("a"))
    desk.ledger().propose(action("10.0.0.7", alert="a"), 1.0, approval=True)
    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", full)
        with pytest.raises(
            ActionError, match="1 decided on, but what was done .* is not taken back: ledger: disk is full"
        ):
            acts.call_false(desk, ANA, "a", "ours")
    assert states(desk) == {"a": "false_alarm"}
    assert acts.judge(desk, ANA, ["a"], "false_alarm", "ours") == Outcome(1, taken_back=1)
