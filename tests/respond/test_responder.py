from collections.abc import Sequence
from dataclasses import replace

import pytest

from records import alert
from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.respond import responder as module
from redshank.respond.backend import Hold
from redshank.respond.ledger import STALE_S, Ledger
from redshank.respond.orders import flush
from redshank.respond.policy import Policy, Rule
from redshank.respond.protected import Protected, Surroundings
from redshank.respond.responder import EVERY_S, Responder
from redshank.respond.states import Breaker
from responses import ATTACKER, ATTACKER_MAC, GATEWAY, HOME, NOW_S, OTHER, Around, Kernel, Lines, action

ALONE = alert(device=ATTACKER, family="dos", severity="high", detectors=("classifier",))
RULED = replace(ALONE, rules=("telnet sweep",))


class House:
    """A service and what is around it; `restart` makes a new one on the same journal."""

    def __init__(self, policy: Policy | None = None, breaker: Breaker | None = None) -> None:
        self.lines, self.around, self.kernel, self.metrics = Lines(), Around(), Kernel(now_s=NOW_S), Metrics()
        self.policy, self.breaker = policy or Policy(), breaker
        self.restart()

    def restart(self, backend_name: str = "kernel") -> None:
        ledger = Ledger(self.lines, self.around.protected, self.breaker)
        self.responder = Responder(self.policy, ledger, self.kernel, backend_name, self.around, self.metrics)

    @property
    def ledger(self) -> Ledger:
        return self.responder.ledger

    def person(self) -> Ledger:
        ledger = Ledger(self.lines, self.around.protected, self.breaker)
        ledger.refresh()
        return ledger

    def at(self, now_s: float) -> None:
        self.kernel.now_s = now_s
        self.responder.tick(now_s)

    def held(self) -> dict[tuple[str, str], float]:
        return {hold.key: hold.left_s for hold in self.kernel.active()}

    def states(self) -> list[str]:
        return [entry.state for entry in self.ledger.entries()]


def test_an_alert_with_a_rule_is_blocked_at_once() -> None:
    house = House()
    (decision,) = house.responder.take([RULED], NOW_S)
    assert decision.outcome == "proposed"
    assert house.held() == {("block", ATTACKER): 600.0}
    assert house.states() == ["applied"]
    assert house.metrics.labelled("redshank_actions_total") == {
        ("block", "proposed"): 1, ("block", "approved"): 1, ("block", "applied"): 1,
    }  # fmt: skip
    assert house.metrics.labelled("redshank_decisions_total") == {("proposed",): 1}
    assert "redshank_actions_active 1.0" in house.metrics.text()


class Paper(Kernel):
    enforces = False


def test_an_old_log_has_nobody_blocked_where_traffic_would_stop() -> None:
    old = replace(RULED, last_seen_s=NOW_S - 122_400.0)
    for kernel, outcome in ((Kernel(now_s=NOW_S), "old"), (Paper(now_s=NOW_S), "proposed")):
        house = House(Policy(fresh_s=3_600.0))
        house.kernel = kernel
        house.restart()
        (decision,) = house.responder.take([old], NOW_S)
        assert decision.outcome == outcome
        assert len(house.held()) == (outcome == "proposed")


def test_it_ends_by_its_time_and_the_next_one_is_longer() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.at(NOW_S + 601)
    assert (house.states(), house.held()) == (["expired"], {})
    house.responder.take([replace(RULED, id="01ff")], NOW_S + 602)
    assert house.held() == {("block", ATTACKER): 3_600.0}


def test_the_word_of_one_model_waits_for_a_person_at_a_terminal() -> None:
    house = House()
    house.responder.take([ALONE], NOW_S)
    assert (house.states(), house.held()) == (["proposed"], {})
    person = house.person()
    person.approve(person.open()[0].action.id, "ana", NOW_S + 1)
    house.at(NOW_S + 1.5)
    assert (house.states(), house.held()) == (["applied"], {("block", ATTACKER): 600.0})


def test_what_a_person_undoes_is_lifted_and_not_done_again() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    person = house.person()
    person.undo(person.open()[0].action.id, "ana", NOW_S + 1, "her own test")
    house.at(NOW_S + 1.5)
    assert house.held() == {}
    (decision,) = house.responder.take([replace(RULED, revision=1)], NOW_S + 2)
    assert decision.outcome == "allowed"
    assert house.held() == {}


def test_an_alert_that_grows_is_one_action_unless_it_gets_worse() -> None:
    house = House()
    house.responder.take([replace(RULED, severity="medium")], NOW_S)
    (again,) = house.responder.take([replace(RULED, severity="medium", revision=1)], NOW_S + 1)
    assert again.outcome == "already"
    house.responder.take([replace(RULED, revision=2)], NOW_S + 2)
    assert set(house.held()) == {("rate_limit", ATTACKER), ("block", ATTACKER)}


def test_windows_that_repeat_are_evidence_and_revisions_are_not() -> None:
    house = House(Policy((Rule("block", evidence=("repeated",)), Rule("nothing"))))
    for revision in range(5):
        assert house.responder.take([replace(ALONE, revision=revision)], NOW_S)[0].outcome == "nothing"
    assert house.responder.take([replace(ALONE, id="a1")], NOW_S + 300)[0].outcome == "nothing"
    assert house.responder.take([replace(ALONE, id="a2", family="xss")], NOW_S + 600)[0].outcome == "nothing"
    assert house.responder.take([replace(ALONE, id="a3")], NOW_S + 2 * 86_400)[0].outcome == "nothing", "too long ago"
    assert house.responder.take([replace(ALONE, id="a4")], NOW_S + 2 * 86_400)[0].outcome == "nothing"
    assert house.responder.take([replace(ALONE, id="a5")], NOW_S + 2 * 86_400)[0].outcome == "proposed"


def test_a_restart_forgets_no_repetition() -> None:
    house = House(Policy((Rule("block", evidence=("repeated",)), Rule("nothing"))))
    told = [("a0", ATTACKER, "dos", NOW_S - 2 * 86_400), ("a1", ATTACKER, "dos", NOW_S - 600)]
    house.responder.remember([*told, ("a2", OTHER, "dos", NOW_S - 500), ("a3", "no address", "dos", NOW_S - 400)])
    assert house.responder.take([replace(ALONE, id="a1")], NOW_S)[0].outcome == "nothing", "the same window again"
    assert house.responder.take([replace(ALONE, id="a4")], NOW_S)[0].outcome == "nothing", "one was too long ago"
    assert house.responder.take([replace(ALONE, id="a5")], NOW_S)[0].outcome == "proposed"


def test_a_window_that_a_person_called_false_is_no_repetition() -> None:
    house = House(Policy((Rule("block", evidence=("repeated",)), Rule("nothing"))))
    for name in ("a1", "a2"):
        house.responder.take([replace(ALONE, id=name)], NOW_S)
    assert house.responder.held_against([replace(ALONE, id="a3"), replace(ALONE, device="no address")]) == {"a1", "a2"}
    third = house.responder.take([replace(ALONE, id="a3")], NOW_S, refuted={"a1"})
    fourth = house.responder.take([replace(ALONE, id="a4")], NOW_S)
    assert [third[0].outcome, fourth[0].outcome] == ["nothing", "proposed"], "three that nobody called false"


def test_windows_count_again_that_nobody_calls_false_any_more() -> None:
    house = House(Policy((Rule("block", evidence=("repeated",)), Rule("nothing"))))
    for name in ("a1", "a2"):
        house.responder.take([replace(ALONE, id=name)], NOW_S)
    third = replace(ALONE, id="a3")
    (unsure,) = house.responder.take([third], NOW_S, refuted={"a1", "a2"})
    (known,) = house.responder.take([replace(third, revision=1)], NOW_S)
    assert [unsure.outcome, known.outcome] == ["nothing", "proposed"], "the store could not be asked at first"


def test_an_alert_that_a_person_called_false_is_not_answered_when_it_grows() -> None:
    house = House()
    (decision,) = house.responder.take([replace(RULED, revision=1)], NOW_S, refuted={RULED.id})
    assert (decision.outcome, decision.words) == ("false_alarm", "a person called the alert false")
    assert house.states() == []


def test_an_action_whose_alert_was_called_false_after_it_was_over_is_no_offence() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.at(NOW_S + 700)
    assert house.states() == ["expired"]
    again = [replace(RULED, id="a1")]
    assert house.responder.held_against(again) == {RULED.id}
    (decision,) = house.responder.take(again, NOW_S + 800, refuted={RULED.id})
    assert decision.action is not None
    assert decision.action.ttl_s == 600.0, "as the first"
    house.at(NOW_S + 1_500)
    (decision,) = house.responder.take([replace(RULED, id="a2")], NOW_S + 1_600)
    assert decision.action is not None
    assert decision.action.ttl_s == 86_400.0, "nobody calls them false any more"


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEVICES_KEPT", 2)
    house = House()
    house.responder.remember([(f"a{n}", f"10.0.1.{n}", "dos", NOW_S) for n in range(5)])
    assert list(house.responder._windows) == [("10.0.1.3", "dos"), ("10.0.1.4", "dos")]


def test_an_alert_that_a_person_confirmed_acts() -> None:
    house = House()
    house.responder.take([ALONE], NOW_S, confirmed={ALONE.id})
    assert house.states() == ["applied"]


def test_a_device_is_isolated_by_what_the_kernel_knows_it_as() -> None:
    house = House(Policy((Rule("isolate"),)))
    house.responder.take([replace(RULED, device="::ffff:10.0.0.66")], NOW_S)
    assert set(house.held()) == {("isolate", ATTACKER_MAC)}
    assert house.responder.take([replace(RULED, id="a", device="fd00::66")], NOW_S)[0].outcome == "already"


def test_a_device_behind_a_repeater_is_isolated_by_its_address() -> None:
    house = House(Policy((Rule("isolate"),)))
    house.around.seen = Surroundings(HOME.named, {**HOME.neighbors, OTHER: (ATTACKER_MAC,)})
    house.responder.take([RULED], NOW_S)
    assert set(house.held()) == {("isolate", ATTACKER)}


def test_an_action_that_cannot_be_fails_alone() -> None:
    house = House()
    person = house.person()
    impossible = person.propose(action("02:00:5e:10:00:99", "block"), NOW_S, approval=True).action.id
    endless = person.propose(action(OTHER, ttl_s=1e9), NOW_S, approval=True).action.id
    for name in (impossible, endless):
        person.approve(name, "ana", NOW_S)
    person.applied(endless, NOW_S, 1e9, "kernel")
    house.responder.take([RULED], NOW_S)
    assert house.states() == ["failed", "failed", "applied"]
    assert "a link-layer address can only be isolated" in house.ledger.find(impossible).note
    assert set(house.held()) == {("block", ATTACKER)}


def test_after_a_restart_what_holds_is_left_alone() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.restart()
    house.at(NOW_S + 100)
    assert house.held() == {("block", ATTACKER): 500.0}
    assert len(house.lines.kept) == 3


def test_after_a_reboot_what_is_missing_is_put_back_for_the_rest_of_its_time() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.kernel.flush()
    house.restart()
    house.at(NOW_S + 100)
    assert house.held() == {("block", ATTACKER): 500.0}


def test_a_firewall_that_somebody_reloaded_is_noticed() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.at(NOW_S + 1)
    house.kernel.flush()
    house.at(NOW_S + 1 + EVERY_S)
    assert house.held() == {("block", ATTACKER): 600 - 1 - EVERY_S}


class Emptied(Kernel):
    """Where another program takes away whatever is loaded."""

    looks, loads, emptied = 0, 0, True

    def load(self, holds: Sequence[Hold]) -> None:
        self.loads += len(holds)
        super().load(holds)

    def active(self) -> list[Hold]:
        self.looks += 1
        if self.emptied:
            self.flush()
        return super().active()


def _emptied() -> tuple[House, Emptied]:
    house, kernel = House(Policy((Rule("block", evidence=("signature",), ttl_s=86_400.0), Rule("nothing")))), Emptied()
    house.kernel = kernel
    house.restart()
    return house, kernel


def test_what_does_not_stay_in_the_kernel_fills_no_ledger_and_is_told(caplog: pytest.LogCaptureFixture) -> None:
    house, kernel = _emptied()
    house.at(NOW_S)
    house.responder.take([replace(RULED, id=f"{n}", device=f"10.0.1.{n}") for n in range(1, 4)], NOW_S)
    for second in range(1, 600):
        house.at(NOW_S + second)
    assert len(house.lines.kept) == 9, "proposed, approved, applied"
    assert kernel.looks < 66, "as often as when nothing has changed"
    assert house.metrics.total("redshank_actions_put_back_total") == kernel.loads - 3 > 150
    assert house.responder.problem.startswith("responder: what holds by the ledger was put back and went missing again")
    assert "leave the tables `redshank` alone" in house.responder.problem
    assert caplog.text.count("went missing again") == 1
    kernel.emptied = False
    house.at(NOW_S + 600 + EVERY_S)
    assert house.responder.problem, "it may come back"
    house.at(NOW_S + 600 + module.AGAIN_S + EVERY_S)
    assert (house.responder.problem, len(house.held())) == ("", 3)


def test_what_was_put_back_for_an_hour_is_a_line_once_an_hour() -> None:
    house, _ = _emptied()
    house.responder.take([RULED], NOW_S)
    for minute in range(1, 181):
        house.at(NOW_S + 60.0 * minute)
    assert len(house.lines.kept) == 3 + 3
    assert {entry.until_s for entry in house.ledger.entries()} == {NOW_S + 86_400}


def test_a_firewall_reloaded_once_is_no_trouble() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.kernel.flush()
    house.at(NOW_S + EVERY_S)
    assert (len(house.held()), house.responder.problem) == (1, "")
    assert house.metrics.total("redshank_actions_put_back_total") == 1


def test_what_is_taken_back_while_it_is_put_back_is_lifted_by_the_next_look() -> None:
    house, kernel = _emptied()
    house.responder.take([RULED], NOW_S)
    house.at(NOW_S + EVERY_S)
    person = house.person()
    person.undo(person.open()[0].action.id, "ana", NOW_S + EVERY_S, "no")
    kernel.emptied = False
    house.at(NOW_S + EVERY_S + 1)
    assert (house.states(), house.held()) == (["undone"], {})


def test_a_time_that_gets_shorter_is_a_line_at_once() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.kernel.flush()
    house.at(NOW_S - 4)
    assert len(house.lines.kept) == 4
    assert house.ledger.entries()[0].until_s == NOW_S - 4 + 600


def test_a_death_between_kernel_and_ledger_makes_nothing_longer() -> None:
    house = House()
    person = house.person()
    person.approve(person.propose(action(), NOW_S, approval=False).action.id, "policy", NOW_S)
    house.kernel.load([Hold("block", ATTACKER, 600.0)])
    house.restart()
    house.at(NOW_S + 100)
    assert (house.states(), house.held()) == (["applied"], {("block", ATTACKER): 500.0})
    assert house.ledger.entries()[0].until_s == NOW_S + 600


def test_a_death_before_the_policys_approval_is_made_good() -> None:
    house = House()
    house.person().propose(action(), NOW_S, approval=False)
    house.at(NOW_S + 1)
    assert house.states() == ["applied"]


def test_what_the_ledger_does_not_know_is_lifted() -> None:
    house = House()
    house.kernel.load([Hold("block", OTHER, 1e6)])
    house.at(NOW_S)
    assert house.held() == {}


def test_what_the_kernel_holds_for_too_long_is_shortened() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.kernel.load([Hold("block", ATTACKER, 1e6)])
    house.at(NOW_S + EVERY_S)
    assert house.held() == {("block", ATTACKER): 600 - EVERY_S}


def test_who_becomes_protected_is_let_go_at_the_next_look() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.around.seen = Surroundings(((ATTACKER, "gateway (eth0)"),))
    house.at(NOW_S + EVERY_S)
    assert (house.states(), house.held()) == (["undone"], {})
    assert house.ledger.entries()[0].note == "protected: gateway (eth0)"


def test_what_another_backend_applied_is_not_put_back() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.kernel.flush()
    house.restart("another")
    house.at(NOW_S + 1)
    assert (house.states(), house.held()) == (["expired"], {})
    assert house.ledger.entries()[0].note == "applied by kernel, not by another"


@pytest.mark.parametrize("restarted", [False, True])
def test_a_clock_that_was_set_back_makes_nothing_longer(*, restarted: bool) -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.at(NOW_S + 1)
    house.kernel.flush()
    if restarted:
        house.restart()
    house.responder.tick(NOW_S - 7_200)
    assert house.held() == {}
    assert house.ledger.entries()[0].note == "it no longer holds, and the clock was set back"


def test_a_proposal_that_nobody_approved_lapses() -> None:
    house = House()
    house.responder.take([ALONE], NOW_S)
    house.at(NOW_S + STALE_S)
    assert house.states() == ["expired"]


def test_past_the_breaker_a_person_decides() -> None:
    house = House(breaker=Breaker(per_minute=2))
    house.responder.take([replace(RULED, id=f"{n}", device=f"10.0.1.{n}") for n in range(1, 6)], NOW_S)
    assert house.states() == ["applied", "applied", "proposed", "proposed", "proposed"]
    house.at(NOW_S + 300)
    assert house.states()[2:] == ["proposed", "proposed", "proposed"]


def test_past_the_most_that_may_wait_it_is_only_counted() -> None:
    house = House(breaker=Breaker(most_waiting=1))
    first, second = house.responder.take([ALONE, replace(ALONE, id="a", device=OTHER)], NOW_S)
    assert (first.outcome, second.outcome) == ("proposed", "refused")
    assert "1 proposals are waiting, which is all" in second.words


class Broken(Kernel):
    def load(self, holds: Sequence[Hold]) -> None:
        raise ActionError(f"no firewall for {len(holds)}")


def test_a_backend_that_cannot_ends_nothing_and_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    house = House()
    house.kernel = Broken(now_s=NOW_S)
    house.restart()
    house.responder.take([RULED], NOW_S)
    house.responder.take([replace(RULED, id="a", device=OTHER)], NOW_S)
    assert house.states() == ["failed", "failed"]
    assert house.responder.problem == "no firewall for 1"
    assert caplog.text.count("no firewall for 1") == 1
    assert house.metrics.labelled("redshank_action_problems_total") == {("carry_out",): 2}
    house.at(NOW_S + 1)
    assert house.responder.problem == ""


def test_who_cannot_see_does_nothing() -> None:
    class Blind(Around):
        def protected(self) -> Protected:
            raise ActionError("`ip` failed")

    house = House()
    house.around = Blind()
    house.restart()
    assert house.responder.take([RULED], NOW_S) == []
    assert house.responder.problem == "`ip` failed"
    assert (house.states(), house.held()) == ([], {})


def test_what_is_undone_while_it_is_loaded_does_not_hold() -> None:
    house = House()

    class Slow(Kernel):
        def load(self, holds: Sequence[Hold]) -> None:
            super().load(holds)
            person = house.person()
            person.undo(person.open()[0].action.id, "ana", NOW_S, "no")

    house.kernel = Slow(now_s=NOW_S)
    house.restart()
    house.responder.take([RULED], NOW_S)
    assert (house.states(), house.held()) == (["refused"], {})


def test_what_is_flushed_at_a_terminal_is_lifted() -> None:
    house = House()
    house.responder.take([RULED, replace(ALONE, id="a", device=OTHER)], NOW_S)
    flush(house.person(), "ana", "maintenance", NOW_S + 1)
    house.at(NOW_S + 1)
    assert (sorted(house.states()), house.held()) == (["refused", "undone"], {})
    again = replace(RULED, id="b")
    assert house.responder.take([again], NOW_S + 2)[0].outcome == "proposed", "flushing allows nobody"


def test_a_ledger_that_was_changed_ends_nothing_and_nothing_is_done_on_its_word() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    whole = list(house.lines.kept)
    house.lines.kept[1] = house.lines.kept[1].replace("policy", "nobody")
    house.restart()
    assert house.responder.take([replace(RULED, id="a", device=OTHER)], NOW_S + 1) == []
    house.at(NOW_S + 2)
    assert house.responder.problem.startswith("ledger: line 2 was changed after it was written; nothing is enforced")
    assert house.held() == {("block", ATTACKER): 598.0}, "what is in the kernel runs out by itself"
    house.lines.kept[:] = whole
    house.at(NOW_S + 3)
    assert (house.responder.problem, house.states()) == ("", ["applied"])


def test_what_was_before_a_restart_is_not_counted_again() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.metrics = Metrics()
    house.restart()
    house.at(NOW_S + 1)
    assert house.metrics.total("redshank_actions_total") == 0


def test_devices_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "DEVICES_KEPT", 3)
    house = House(Policy((Rule("nothing"),)))
    alerts = [replace(ALONE, device=f"10.0.1.{n}") for n in range(9)]
    house.responder.take(alerts, NOW_S)
    assert len(house.responder._windows) == 3
    assert house.metrics.named("redshank_forgotten_total") == {"responder.windows": 6}


def test_what_the_ledger_forgets_although_it_counts_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("redshank.respond.addresses.TARGETS_KEPT", 2)
    house = House()
    person = house.person()
    for number, allow_s in enumerate((-10.0, 600.0, 600.0, 600.0)):
        person.allow(f"10.0.1.{number}", "vera", NOW_S, allow_s, "hers")
    house.at(NOW_S)
    house.at(NOW_S + 1)
    assert house.metrics.named("redshank_forgotten_total") == {"ledger.allowances": 1}, "the first was over"


def test_how_near_the_breaker_is_to_its_bounds_is_shown() -> None:
    house = House(breaker=Breaker(per_minute=2, most_active=5, most_waiting=7))
    house.at(NOW_S)
    shown = house.metrics.text().splitlines()
    assert "redshank_breaker_open 0.0" in shown
    assert 'redshank_breaker_used{bound="per_minute"} 0.0' in shown
    house.responder.take([replace(RULED, device=f"10.0.1.{n}") for n in range(3)], NOW_S)
    house.at(NOW_S + 1)
    shown = house.metrics.text().splitlines()
    assert "redshank_breaker_open 1.0" in shown
    for bound, used, most in (("per_minute", 2, 2), ("most_active", 2, 5), ("most_waiting", 1, 7)):
        assert f'redshank_breaker_used{{bound="{bound}"}} {used:.1f}' in shown
        assert f'redshank_breaker_bound{{bound="{bound}"}} {most:.1f}' in shown
    house.at(NOW_S + 120)
    assert "redshank_breaker_open 0.0" in house.metrics.text().splitlines()


def test_hostile_devices_are_decided_about() -> None:
    house = House(Policy((Rule("block"),)))
    devices = ["", "\x1b[2J", "10.0.0.066", GATEWAY, "::ffff:10.0.0.1", "ff02::1", "x" * 10_000]
    decisions = house.responder.take([replace(RULED, device=device) for device in devices], NOW_S)
    assert {decision.outcome for decision in decisions} == {"no_address", "never_block"}
    assert house.held() == {}
    assert Protected.of(HOME).why(GATEWAY)


def test_it_tells_whether_an_alert_was_answered_since_a_time_whatever_became_of_that() -> None:
    house = House()
    house.responder.take([RULED], NOW_S)
    house.at(NOW_S + 601)
    assert house.states() == ["expired"]
    house.restart()
    assert house.responder.answered({RULED.id: NOW_S, "another": 0.0}) == {RULED.id}
    assert house.responder.answered({RULED.id: NOW_S + 1}) == set()


def test_an_alert_that_a_person_escalates_after_it_is_over_is_answered() -> None:
    house = House()
    waiting = replace(ALONE, severity="medium")
    (first,) = house.responder.take([waiting], NOW_S)
    assert first.outcome == "notify"
    (second,) = house.responder.take([waiting], NOW_S + 60, {waiting.id})
    assert second.outcome == "proposed"
    assert house.held() == {("rate_limit", ATTACKER): 600.0}
