import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from console.filled import Filled
from redshank.console.acts import responses as acts
from redshank.console.desk import Desk
from redshank.console.facts.responses import CHECKED_EVERY_S, entry
from redshank.core.errors import ActionError, ConfigError
from redshank.respond.chain import BEGIN, Event, line_of
from redshank.respond.ledger import Ledger
from redshank.respond.states import Entry
from redshank.store.ledger import Journal


@pytest.fixture
def desk(filled: Filled) -> Desk:
    return Desk(filled.settings, filled.database, now_s=lambda: filled.now_s)


def waiting(desk: Desk) -> list[Entry]:
    return [entry for entry in desk.ledger().open() if entry.state == "proposed"]


def test_what_somebody_approves_is_in_the_ledger_and_in_the_audit(desk: Desk) -> None:
    name = waiting(desk)[0].action.id
    (done,) = acts.approve(desk, [name], "anton")
    assert (done.state, done.by, desk.ledger().find(name).state) == ("approved", "anton", "approved")
    entry = desk.audit.entries(1)[0]
    assert (entry.who, entry.what, entry.about, entry.at_s) == ("anton", "action approved", name, desk.now_s())
    assert entry.detail["target"] == done.action.target


def test_what_is_refused_half_way_says_what_was_done_before(desk: Desk) -> None:
    name = waiting(desk)[0].action.id
    with pytest.raises(ActionError, match=r"^1 approved \(192.168.39.*\), then: ledger: there is no action 'none'"):
        acts.approve(desk, [name, "none"], "anton")
    with pytest.raises(ActionError, match="^ledger: there is no action 'none'"):
        acts.approve(desk, ["none"], "anton")


def test_undoing_takes_back_and_lets_the_address_alone(desk: Desk) -> None:
    one = next(entry for entry in desk.ledger().open() if entry.state == "applied")
    (done,) = acts.undo(desk, [one.action.id], "anton", "a mistake", 3_600.0)
    assert (done.state, done.note) == ("undone", "a mistake")
    assert desk.ledger().addresses.allowed(one.action.target, desk.now_s()).endswith("by anton")
    assert desk.audit.entries(1)[0].detail["why"] == "a mistake"


def test_to_act_reads_no_ledger_anew(filled: Filled) -> None:
    class Counting(Desk):
        ledgers = 0

        def ledger(self, journal: Journal | None = None) -> Ledger:
            Counting.ledgers += 1
            return super().ledger(journal)

    now_s = [filled.now_s]
    desk = Counting(filled.settings, filled.database, now_s=lambda: now_s[0])
    names = [one.action.id for one in desk.book.state().waiting]
    acts.approve(desk, names[:1], "anton")
    acts.allow(desk, "10.0.0.66", "anton", "a test of ours", 60.0)
    filled.ledger().allow("10.0.0.67", "ana", filled.now_s, 60.0, "at a terminal")
    acts.undo(desk, names[1:], "anton", "a mistake")
    assert entry(desk, names[0]).state == "approved"
    now_s[0] += CHECKED_EVERY_S
    acts.flush(desk, "ada", "maintenance")
    assert Counting.ledgers == 1, "also when all lines are compared again"
    assert desk.ledger().entries() == filled.ledger().entries()
    assert desk.book.state().lines == Journal(filled.database).count()
    journal = Journal(filled.database)
    journal.append(journal.count(), line_of(Event("approved", 1.0, "eve", "ffff"), 0, BEGIN))
    with pytest.raises(ActionError, match="does not follow on the one before"):
        acts.allow(desk, "10.0.0.68", "anton", "why", 60.0)
    with pytest.raises(ActionError, match="does not follow on the one before"):
        acts.flush(desk, "ada", "maintenance")


def test_several_who_act_at_once_wait_for_each_other(desk: Desk) -> None:
    def act(number: int) -> None:
        for one in range(5):
            acts.allow(desk, f"10.0.{number}.{one}", "anton", "a test of ours", 60.0)

    before = desk.book.state().lines
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(act, range(4)))
    ledger = desk.ledger()
    assert ledger.read == desk.book.state().lines == before + 20
    allowed = {target for target, _, _ in ledger.addresses.allowances(desk.now_s())}
    assert allowed >= {f"10.0.{number}.{one}" for number in range(4) for one in range(5)}


def test_nothing_is_undone_without_a_reason_or_for_ever(desk: Desk) -> None:
    name = desk.ledger().open()[0].action.id
    with pytest.raises(ConfigError) as caught:
        acts.undo(desk, [name], "anton", "  ", 31 * 86_400.0)
    assert caught.value.problems == [
        "why: 0 characters given; say in 1 to 500 why",
        "allow: 2.6784e+06 s is not allowed; give 0 s to 30 d",
    ]
    with pytest.raises(ConfigError, match="why: 501 characters"):
        acts.flush(desk, "ada", "x" * 501)
    with pytest.raises(ConfigError, match="allow: nan s is not allowed"):
        acts.allow(desk, "10.0.0.66", "anton", "why", float("nan"))


def test_an_address_is_let_alone_and_no_more(desk: Desk) -> None:
    acts.allow(desk, "10.0.0.66", "anton", "a test of ours", 60.0)
    assert desk.ledger().addresses.allowed("10.0.0.66", desk.now_s())
    acts.allow(desk, "10.0.0.66", "anton", "it is over", 0.0)
    assert not desk.ledger().addresses.allowed("10.0.0.66", desk.now_s())
    with pytest.raises(ActionError, match="'router' is neither an IP address nor a MAC"):
        acts.allow(desk, "router", "anton", "why", 60.0)


def test_what_would_be_loaded_is_shown_before_and_an_order_is_carried_out(desk: Desk) -> None:
    action = acts.planned(desk, "block", "::FFFF:10.0.0.66", 600.0, "ada", "guesses passwords")
    commands = [json.loads(line) for line in acts.rehearsed(desk, action).splitlines()]
    elements = [one["add"]["element"] for one in commands if "element" in one.get("add", {})]
    assert {"elem": {"val": "10.0.0.66", "timeout": 600}} in elements[0]["elem"]
    done = acts.block(desk, action)
    assert (done.state, done.by) == ("approved", "ada")
    assert desk.audit.entries(1)[0].what == "action ordered"


def test_every_mistake_in_an_order_is_told_at_once(desk: Desk) -> None:
    with pytest.raises(ConfigError) as caught:
        acts.planned(desk, "drop", "router", 0.0, "ada", "")
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["why", "measure", "target", "for"]


def test_what_the_machine_needs_is_not_blocked(desk: Desk) -> None:
    action = acts.planned(desk, "block", "224.0.0.9", 60.0, "ada", "why not")
    with pytest.raises(ActionError, match="'224.0.0.9' is protected: multicast"):
        acts.rehearsed(desk, action)
    with pytest.raises(ActionError, match="224.0.0.9 is protected: multicast"):
        acts.block(desk, action)


def test_everything_is_taken_back_at_once(desk: Desk) -> None:
    count = len(desk.ledger().open())
    assert len(acts.flush(desk, "ada", "maintenance")) == count
    assert desk.ledger().open() == []
    assert desk.audit.entries(1)[0].detail == {"why": "maintenance", "actions": count}
