import pytest

from redshank.core.records import Action
from redshank.respond import addresses as module
from redshank.respond.addresses import Addresses
from redshank.respond.chain import Event

NOW_S = 1_700_000_000.0
ATTACKER, OTHER = "10.0.0.66", "10.0.0.67"


def action(target: str = ATTACKER, alert: str = "", at_s: float = NOW_S) -> Action:
    return Action.of("block", target, 600.0, "a rule", "policy", at_s, alert=alert)


def allowed(until_s: float) -> Event:
    return Event("allowed", NOW_S, "ana", until_s=until_s)


def test_strikes_are_told_by_the_alerts_behind_them_and_the_latest_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STRIKES_KEPT", 3)
    addresses = Addresses()
    for number in range(4):
        addresses.strike(action(alert=f"a{number}", at_s=NOW_S + number))
    assert addresses.struck(ATTACKER) == {"a1", "a2", "a3"}
    assert [addresses.strikes(ATTACKER, refuted) for refuted in ((), {"a0", "a2"})] == [3, 2]
    assert addresses.strikes(OTHER) == 0
    assert addresses.forgotten == {"strikes": 1}


def test_a_mistake_is_no_strike() -> None:
    addresses = Addresses()
    addresses.strike(action())
    addresses.absolve(action())
    addresses.absolve(action(OTHER))
    assert (addresses.strikes(ATTACKER), addresses.strikes(OTHER)) == (0, 0)


def test_those_struck_and_allowed_longest_ago_make_room_and_count_if_they_counted_still(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "TARGETS_KEPT", 2)
    addresses = Addresses()
    for number in (0, 1, 0, 2):
        addresses.strike(action(f"10.0.1.{number}", at_s=NOW_S + number))
        addresses.allow(f"10.0.1.{number}", allowed(NOW_S + 60))
    assert [addresses.strikes(f"10.0.1.{number}") for number in range(3)] == [1, 0, 1]
    assert [target for target, _, _ in addresses.allowances(NOW_S)] == ["10.0.1.2", "10.0.1.0"]
    assert addresses.forgotten == {"strikes": 1, "allowances": 1}
    addresses.allow("10.0.1.0", allowed(0.0))
    addresses.allow("10.0.1.3", allowed(NOW_S + 60))
    assert addresses.forgotten["allowances"] == 2
    addresses.allow("10.0.1.4", allowed(NOW_S + 60))
    assert addresses.forgotten["allowances"] == 2, "what was over makes room without a word"
