import pytest

from redshank.core.errors import ConfigError
from redshank.respond.states import EVENTS, NEXT, OPEN, Breaker, Entry
from responses import ATTACKER, NOW_S, action


def test_every_open_state_has_a_way_out_and_nothing_follows_on_the_end() -> None:
    assert set(NEXT) - {""} == set(OPEN)
    assert {state for states in NEXT.values() for state in states} == set(EVENTS) - {"allowed"}
    assert all("expired" in NEXT[state] for state in OPEN)


def test_nothing_is_applied_that_was_not_approved() -> None:
    assert [state for state, states in NEXT.items() if "applied" in states] == ["approved", "applied"]


def test_an_entry_is_known_by_measure_and_target() -> None:
    assert Entry(action(), "proposed", True, NOW_S, "policy", "").key == ("block", ATTACKER)


def test_a_breaker_that_lets_nothing_through_is_refused() -> None:
    with pytest.raises(ConfigError, match="per_minute: 0 is not allowed; give 1 or more") as caught:
        Breaker(0, -1, 0)
    assert len(caught.value.problems) == 3
