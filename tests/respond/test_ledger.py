import json
import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from drawn import examples
from redshank.core.errors import ActionError
from redshank.respond import ledger as module
from redshank.respond.chain import BEGIN, Event, line_of
from redshank.respond.ledger import Ledger
from redshank.respond.protected import Surroundings
from redshank.respond.states import OPEN, Breaker
from responses import ATTACKER, ATTACKER_MAC, GATEWAY, HOME, NOW_S, OTHER, Around, Lines, action


def _ledger(lines: Lines | None = None, breaker: Breaker | None = None, around: Around | None = None) -> Ledger:
    ledger = Ledger(lines or Lines(), (around or Around()).protected, breaker)
    ledger.refresh()
    return ledger


def _applied(ledger: Ledger, target: str = ATTACKER, at_s: float = NOW_S) -> str:
    name = ledger.propose(action(target, at_s=at_s), at_s, approval=True).action.id
    ledger.approve(name, "ana", at_s)
    ledger.applied(name, at_s, 600.0, "kernel")
    return name


def test_an_action_goes_its_way_and_every_step_is_a_line() -> None:
    lines = Lines()
    ledger = _ledger(lines)
    name = _applied(ledger)
    assert ledger.find(name).until_s == NOW_S + 600
    ledger.expire(name, NOW_S + 600, "its time is over")
    assert [json.loads(line)["what"] for line in lines.kept] == ["proposed", "approved", "applied", "expired"]
    assert ledger.open() == []
    assert ledger.addresses.strikes(ATTACKER) == 1


def test_a_restart_finds_everything_as_it_was() -> None:
    lines = Lines()
    ledger = _ledger(lines)
    _applied(ledger)
    ledger.undo(_applied(ledger, OTHER), "ana", NOW_S + 9, "a mistake", allow_s=60)
    again = _ledger(lines)
    assert again.entries() == ledger.entries()
    assert again.addresses.allowed(OTHER, NOW_S + 68) == "until 2023-11-14 22:14:29Z by ana"
    assert again.addresses.allowed(OTHER, NOW_S + 70) == ""
    assert (again.addresses.strikes(ATTACKER), again.addresses.strikes(OTHER)) == (1, 0)


def test_two_processes_share_a_ledger() -> None:
    lines = Lines()
    service, person = _ledger(lines), _ledger(lines)
    name = service.propose(action(), NOW_S, approval=True).action.id
    with pytest.raises(ActionError, match="there is no action"):
        person.find(name)
    person.refresh()
    person.approve(name[:6], "ana", NOW_S + 1)
    with pytest.raises(ActionError, match=f"action {name} is approved, it cannot be approved"):
        service.approve(name, "ben", NOW_S + 2)
    service.applied(name, NOW_S + 2, 600.0, "kernel")
    assert person.undo(name, "ana", NOW_S + 3, "a mistake").state == "undone", "applied behind her back"
    service.refresh()
    assert service.entries() == person.entries()


def test_a_writer_whose_place_is_taken_looks_again() -> None:
    class Busy(Lines):
        def append(self, at: int, line: str) -> bool:
            if at == 0:
                assert _ledger(other).propose(action(), NOW_S, approval=True)
                self.kept = list(other.kept)
            return super().append(at, line)

    other = Lines()
    busy = Busy()
    ledger = Ledger(busy, Around().protected)
    with pytest.raises(ActionError, match="block against 10.0.0.66 is proposed already"):
        ledger.propose(action(), NOW_S, approval=True)

    class Full(Lines):
        def append(self, at: int, line: str) -> bool:
            del at, line
            return False

    with pytest.raises(ActionError, match="others wrote to it 50 times before we could"):
        Ledger(Full(), Around().protected).propose(action(), NOW_S, approval=True)


@pytest.mark.parametrize("target", [GATEWAY, "fd00::53", "10.0.9.1", "ff02::1", "02:00:5e:10:00:01"])
def test_protected_targets_are_refused_at_every_step(target: str) -> None:
    with pytest.raises(ActionError, match=f"{target} is protected: .*; nothing is done against it"):
        _ledger().propose(action(target, "isolate"), NOW_S, approval=True)
    around = Around(Surroundings())
    ledger = _ledger(around=around)
    name = ledger.propose(action(target, "isolate"), NOW_S, approval=True).action.id if target != "ff02::1" else ""
    if not name:
        return
    around.seen = HOME
    with pytest.raises(ActionError, match="is protected"):
        ledger.approve(name, "ana", NOW_S)
    around.seen = Surroundings()
    ledger.approve(name, "ana", NOW_S)
    around.seen = HOME
    with pytest.raises(ActionError, match="is protected"):
        ledger.applied(name, NOW_S, 600.0, "kernel")


@pytest.mark.parametrize("target", ["::ffff:10.0.0.66", "FD00::66", "router", "10.0.0.0/24"])
def test_only_the_canonical_form_is_taken(target: str) -> None:
    with pytest.raises(ActionError, match="is not the canonical form of an address"):
        _ledger().propose(action(target), NOW_S, approval=True)


def test_to_notify_is_no_action() -> None:
    with pytest.raises(ActionError, match="to notify is no action against 10.0.0.66"):
        _ledger().propose(action(measure="notify"), NOW_S, approval=True)


def test_a_harder_measure_may_follow_and_an_easier_one_not() -> None:
    ledger = _ledger()
    ledger.propose(action(), NOW_S, approval=True)
    with pytest.raises(ActionError, match="block against 10.0.0.66 is proposed already"):
        ledger.propose(action(measure="rate_limit"), NOW_S, approval=True)
    assert ledger.propose(action(measure="isolate"), NOW_S, approval=True).state == "proposed"


def test_the_breaker_opens_and_closes_again() -> None:
    ledger = _ledger(breaker=Breaker(per_minute=2))
    for number in range(3):
        ledger.propose(action(f"10.0.0.{100 + number}"), NOW_S, approval=True)
    first, second, third = (entry.action.id for entry in ledger.open())
    ledger.approve(first, "ana", NOW_S)
    ledger.approve(second, "ana", NOW_S + 30)
    with pytest.raises(ActionError, match="the breaker is open: 2 actions were approved within a minute"):
        ledger.approve(third, "ana", NOW_S + 59)
    ledger.approve(third, "ana", NOW_S + 60)


def test_only_so_many_hold_and_wait() -> None:
    ledger = _ledger(breaker=Breaker(most_active=1, most_waiting=2))
    _applied(ledger)
    name = ledger.propose(action(OTHER), NOW_S, approval=True).action.id
    with pytest.raises(ActionError, match="the breaker is open: 1 actions hold, which is all it allows; undo some"):
        ledger.approve(name, "ana", NOW_S)
    ledger.propose(action("10.0.0.8"), NOW_S, approval=True)
    assert ledger.propose(action("10.0.0.10"), NOW_S, approval=False), "nobody has to approve it, so it does not wait"
    with pytest.raises(ActionError, match="2 proposals are waiting, which is all"):
        ledger.propose(action("10.0.0.9"), NOW_S, approval=True)


def test_undoing_allows_the_target_for_a_while() -> None:
    ledger = _ledger()
    ledger.undo(_applied(ledger), "ana", NOW_S + 1, "her own scanner", allow_s=3_600)
    with pytest.raises(
        ActionError, match=r"10.0.0.66 is allowed until 2023-11-14 23:13:21Z by ana; .* --for 0` ends it"
    ):
        ledger.propose(action(), NOW_S + 3_600, approval=True)
    ledger.allow("::ffff:10.0.0.66", "ana", NOW_S + 3_600, 0, "done scanning")
    assert ledger.propose(action(at_s=NOW_S + 3_601), NOW_S + 3_601, approval=True).state == "proposed"
    with pytest.raises(ActionError, match="'router' is neither an IP address nor a MAC"):
        ledger.allow("router", "ana", NOW_S, 60, "?")


def test_a_proposal_that_is_taken_back_is_refused() -> None:
    ledger = _ledger()
    name = ledger.propose(action(), NOW_S, approval=True).action.id
    assert ledger.undo(name, "ana", NOW_S, "no", allow_s=0).state == "refused"
    assert ledger.addresses.allowed(ATTACKER, NOW_S) == ""
    with pytest.raises(ActionError, match=f"action {name} is refused, it cannot be refused"):
        ledger.undo(name, "ana", NOW_S, "no")


def test_put_back_means_for_the_rest_of_its_time() -> None:
    ledger = _ledger()
    name = _applied(ledger)
    assert ledger.applied(name, NOW_S + 300, 10_000.0, "kernel").until_s == NOW_S + 600


def test_names_that_fit_several_actions_are_not_guessed() -> None:
    ledger = _ledger()
    ids = [ledger.propose(action(f"10.0.0.{n}"), NOW_S, approval=True).action.id for n in range(60, 100)]
    shared = next(one[0] for one in ids if sum(other.startswith(one[0]) for other in ids) > 1)
    with pytest.raises(ActionError, match=rf"actions begin with '{shared}'"):
        ledger.find(shared)
    with pytest.raises(ActionError, match="there is no action ''"):
        ledger.find("")


def test_a_changed_ledger_is_not_believed() -> None:
    lines = Lines()
    _applied(_ledger(lines))
    lines.kept[1] = lines.kept[1].replace("ana", "eve")
    with pytest.raises(ActionError, match="ledger: line 2 was changed after it was written"):
        _ledger(lines)


def test_a_forged_line_that_says_nothing_is_not_believed() -> None:
    lines = Lines([line_of(Event("approved", NOW_S, "eve", "ffff"), 0, BEGIN)])
    ledger = Ledger(lines, Around().protected)
    for _ in range(2):
        with pytest.raises(ActionError, match="a line about action 'ffff' says nothing"):
            ledger.refresh()


@pytest.mark.parametrize("at_once", [1, 2, 3, 7])
def test_lines_are_read_some_at_a_time_and_none_is_left_out(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    class Watched(Lines):
        most = 0

        def lines(self, since: int = 0, limit: int | None = None) -> Sequence[str]:
            found = super().lines(since, limit)
            self.most = max(self.most, len(found))
            return found

    lines = Watched()
    whole = _ledger(lines)
    _applied(whole)
    whole.undo(_applied(whole, OTHER), "ana", NOW_S + 9, "a mistake", allow_s=60)
    assert len(lines.kept) == 7
    monkeypatch.setattr(module, "READ_AT_ONCE", at_once)
    lines.most = 0
    ledger = _ledger(lines)
    assert (ledger.entries(), ledger.read, lines.most) == (whole.entries(), 7, at_once)
    lines.kept[3] = lines.kept[3].replace("policy", "eve")
    ledger = Ledger(lines, Around().protected)
    for _ in range(2):
        with pytest.raises(ActionError, match="ledger: line 4 was changed"):
            ledger.refresh()


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FINISHED_KEPT", 5)
    ledger = _ledger(breaker=Breaker(per_minute=1_000))
    for number in range(40):
        ledger.undo(_applied(ledger, f"10.0.1.{number}"), "ana", NOW_S, "no")
    assert len(ledger.entries()) + ledger.left_out == 40
    assert 5 <= len(ledger.entries()) <= 7
    assert [entry.action.target for entry in ledger.entries()][-5:] == [f"10.0.1.{number}" for number in range(35, 40)]


def test_what_is_open_is_never_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FINISHED_KEPT", 5)
    ledger = _ledger(breaker=Breaker(per_minute=1_000))
    first = _applied(ledger, OTHER)
    for number in range(40):
        ledger.undo(_applied(ledger, f"10.0.1.{number}"), "ana", NOW_S, "no")
    assert ledger.find(first).state == "applied"
    assert len(_ledger(ledger._journal).entries()) == len(ledger.entries()) <= 8  # type: ignore[arg-type]


def test_that_an_alert_was_answered_outlives_the_action(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FINISHED_KEPT", 5)
    monkeypatch.setattr(module, "ANSWERED_KEPT", 30)
    ledger = _ledger(breaker=Breaker(per_minute=1_000))
    for number in range(40):
        made = action(f"10.0.1.{number}", alert=f"a{number}", at_s=NOW_S + number)
        ledger.undo(ledger.propose(made, NOW_S, approval=True).action.id, "ana", NOW_S, "no", allow_s=0)
    later, sooner = (
        action(alert="a39", at_s=NOW_S + at_s, measure=how) for at_s, how in ((99, "block"), (1, "isolate"))
    )
    ledger.propose(later, NOW_S, approval=True)
    ledger.propose(sooner, NOW_S, approval=True)
    assert [ledger.answered_s(f"a{number}") for number in (10, 39)] == [NOW_S + 10, NOW_S + 99]
    assert ledger.answered_s("a9") == ledger.answered_s("") == -math.inf


class LedgerMachine(RuleBasedStateMachine):
    """Whatever happens, in any order: the lines tell the state, and nothing goes a way that is not drawn."""

    def __init__(self) -> None:
        super().__init__()
        self.lines, self.around, self.now_s = Lines(), Around(), NOW_S
        self.breaker = Breaker(per_minute=3, most_active=4, most_waiting=4)
        self.ledger = Ledger(self.lines, self.around.protected, self.breaker)

    def _some(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from([entry.action.id for entry in self.ledger.entries()]))

    @rule(
        address=st.sampled_from([ATTACKER, OTHER, GATEWAY, "fd00::66", "fd00::53", "::ffff:10.0.0.1", ATTACKER_MAC]),
        measure=st.sampled_from(["rate_limit", "block", "isolate"]),
        approval=st.booleans(),
    )
    def propose(self, *, address: str, measure: str, approval: bool) -> None:
        with _refusing():
            self.ledger.propose(action(address, measure, at_s=self.now_s), self.now_s, approval=approval)

    @precondition(lambda self: self.ledger.entries())
    @rule(data=st.data(), step=st.sampled_from(["approve", "applied", "expire", "fail", "undo"]))
    def step(self, data: st.DataObject, step: str) -> None:
        name = self._some(data)
        with _refusing():
            if step == "approve":
                self.ledger.approve(name, "ana", self.now_s)
            elif step == "applied":
                self.ledger.applied(name, self.now_s, data.draw(st.sampled_from([1.0, 600.0, 1e9])), "kernel")
            elif step == "undo":
                self.ledger.undo(name, "ana", self.now_s, "no", allow_s=data.draw(st.sampled_from([0.0, 60.0])))
            else:
                getattr(self.ledger, step)(name, self.now_s, "because")

    @rule(seconds=st.sampled_from([0.0, 1.0, 61.0, 700.0]))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(hidden=st.booleans())
    def move(self, *, hidden: bool) -> None:
        self.around.seen = replace(HOME, named=HOME.named[hidden:])

    @rule()
    def restart(self) -> None:
        before = self.ledger.entries()
        self.ledger = Ledger(self.lines, self.around.protected, self.breaker)
        self.ledger.refresh()
        assert self.ledger.entries() == before

    @rule()
    def another_process(self) -> None:
        with _refusing():
            Ledger(self.lines, self.around.protected, self.breaker).allow(OTHER, "ben", self.now_s, 30.0, "test")

    @invariant()
    def nothing_holds_longer_than_it_was_meant_to(self) -> None:
        for entry in self.ledger.entries():
            if entry.until_s is not None and entry.state == "applied":
                assert entry.until_s <= entry.changed_s + entry.action.ttl_s

    @invariant()
    def the_breaker_holds(self) -> None:
        self.ledger.refresh()
        assert sum(entry.state in {"approved", "applied"} for entry in self.ledger.open()) <= 4
        assert sum(entry.approval for entry in self.ledger.open()) <= 4
        approved = [json.loads(line)["at_s"] for line in self.lines.kept if '"what": "approved"' in line]
        assert all(fourth - first >= 60 for first, fourth in zip(approved, approved[3:], strict=False))

    @invariant()
    def one_measure_against_one_target_is_open_once(self) -> None:
        keys = [entry.key for entry in self.ledger.open()]
        assert len(keys) == len(set(keys))
        assert all(entry.state in OPEN for entry in self.ledger.open())


class _refusing:  # noqa: N801  reads as a word
    """The ledger may say no; nothing else may go wrong."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, ActionError)


LedgerMachine.TestCase.settings = settings(max_examples=examples(40), stateful_step_count=30, deadline=None)
TestLedgerMachine = LedgerMachine.TestCase
