from dataclasses import replace

from console.cases import asked_about, put, told
from redshank.config import Detect
from redshank.console.desk import Desk
from redshank.console.facts.alert import asked, case, named, why_none
from redshank.console.facts.responses import Book
from redshank.core.allowance import Allowance
from redshank.core.records import Action
from redshank.pipeline.allowing import give
from redshank.store.comments import Comments
from redshank.store.ledger import Journal


def test_a_case_has_all_that_is_known(desk: Desk) -> None:
    put(desk, told("a", reasons=("classifier: dst_bytes 9e+09 beyond benign 99 % (4e+04)", "irc (medium)")))
    put(desk, told("a", count=9, revision=1), told("b", family="dos"), told("c"), told("d", device="10.0.0.8"))
    desk.alerts.judge(["c"], "false_alarm", "ana", desk.now_s(), "ours")
    desk.alerts.judge(["a"], "acknowledged", "ana", desk.now_s())
    Comments(desk.database).write("a", "ben", "seen", desk.now_s())
    desk.ledger().propose(
        Action.of("block", "10.0.0.7", 60.0, "scans", "policy", desk.now_s(), alert="a"), desk.now_s(), approval=True
    )
    found = case(desk, Book(desk), "a")
    assert found is not None
    assert (found.filed.state, found.deed) == ("acknowledged", "looked for open services on 10.0.0.1")
    assert [one.uid for one in found.evidence] == ["Ca"]
    assert [one.kind for one in found.events] == ["told", "told", "judged", "comment", "action"]
    assert [one.alert.id for one in found.history] == ["c", "b"]
    assert found.families == {"scanning": 2, "dos": 1}
    assert [one.filed.alert.id for one in found.like] == ["c"]
    assert [one.action.target for one in found.actions] == ["10.0.0.7"]
    assert found.allowed is None
    assert case(desk, Book(desk), "none") is None


def test_reasons_are_drawn_beside_what_the_bundle_knows(desk: Desk) -> None:
    reasons = ("classifier: dst_bytes 9e+09 beyond benign 99 % (4e+04)",) * 2
    put(desk, told("a", reasons=(*reasons, "classifier: dst_bytes 8e+09 beyond benign 99 % (4e+04)")))
    found = case(desk, Book(desk), "a")
    assert found is not None
    assert len(found.reasons) == 1  # the same thing is said once
    assert found.beside is not None
    assert "benign up to 40,000" in found.beside


def test_a_probability_of_nothing_is_no_reason_and_is_not_drawn(desk: Desk) -> None:
    put(desk, told("a", reasons=("classifier: p(dos) 1.00", "classifier: p(benign) 0.00", "irc (medium)")))
    found = case(desk, Book(desk), "a")
    assert found is not None
    assert [one.feature or one.rule for one in found.reasons] == ["p(dos)", "irc"]
    assert found.beside is None


def test_a_question_is_about_the_same_flow_not_only_of_the_same_name(desk: Desk) -> None:
    alert, questions = asked_about(2)
    desk.queue.add(questions)
    assert set(asked(desk, alert.evidence)) == {alert.evidence[0].uid, alert.evidence[1].uid}
    assert asked(desk, [replace(one, ts_s=one.ts_s + 1) for one in alert.evidence]) == {}
    assert asked(desk, [replace(one, dst_ip="10.9.9.9") for one in alert.evidence]) == {}
    assert asked(desk, [replace(one, uid="") for one in alert.evidence]) == {}


def test_why_no_flow_of_an_alert_can_be_labelled_is_said(desk: Desk) -> None:
    evidence = told("a").evidence
    assert why_none(desk, []) == "the store has no flow of this alert"
    assert why_none(desk, [replace(one, proto="arp") for one in evidence]).startswith("it rests on claims of addresses")
    assert "features no more" in why_none(desk, evidence)
    settings = desk.settings.model_copy(update={"detect": Detect(detectors=("signatures",))})
    assert why_none(replace(desk, settings=settings), evidence) == (
        "no classifier judges here, and detect.detectors names signatures alone"
    )


def test_an_alert_tells_which_allowance_closed_it(desk: Desk) -> None:
    put(desk, told("a"))
    one = Allowance.of("ana", "ours", desk.now_s(), device="10.0.0.7")
    give(desk.database, one, desk.now_s())
    found = case(desk, Book(desk), "a")
    assert found is not None
    assert (found.filed.state, found.allowed) == ("closed", one)


def test_techniques_have_their_names() -> None:
    assert named(["T1046", "T9999", "T1046"]) == [("T1046", "Network Service Discovery"), ("T9999", "")]


def test_an_alert_is_shown_also_where_the_ledger_was_changed(desk: Desk) -> None:
    put(desk, told("a"))
    journal = Journal(desk.database)
    journal.append(journal.count(), '{"digest": "0", "number": 5, "before": "0"}')
    found = case(desk, Book(desk), "a")
    assert found is not None
    assert list(found.actions) == []
