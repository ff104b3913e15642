import asyncio
import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.errors import ActionError
from redshank.lab import attack
from redshank.lab.attack import ATTACKS, MAX_COUNT, MAX_RATE_PER_S, Episode, address_of, amount, pace
from redshank.lab.scene import Scene

FAMILIES = ["backdoor", "ddos", "dos", "injection", "mitm", "password", "ransomware", "scanning", "xss"]


def steps(count: int, rate_per_s: float) -> list[int]:
    async def run() -> list[int]:
        return [step async for step in pace(random.Random(7), count, rate_per_s)]

    return asyncio.run(run())


def test_there_is_one_file_for_each_family() -> None:
    assert ATTACKS.names() == FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_every_variant_names_its_victims_and_its_intent_its_family(family: str) -> None:
    made = ATTACKS.find(family)()
    assert set(made.victims) == set(made.variants)
    assert made.intent("try").family == made.family() == family


def test_steps_come_at_the_rate_asked_for() -> None:
    begin = time.monotonic()
    assert steps(100, 250.0) == list(range(100))
    assert time.monotonic() - begin > 0.25


@pytest.mark.parametrize(("count", "rate_per_s"), [(MAX_COUNT + 1, 10.0), (5, MAX_RATE_PER_S + 1), (5, 0.0), (5, -1.0)])
def test_more_than_the_bounds_is_refused_before_the_first_step(count: int, rate_per_s: float) -> None:
    with pytest.raises(ActionError, match=f"{count} steps at {rate_per_s:g} per second is over the bounds"):
        steps(count, rate_per_s)


def test_time_is_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attack, "MAX_SECONDS", 0.1)
    assert 0 < len(steps(100, 50.0)) < 50


def test_an_attacker_takes_an_address_it_can_reach(scene: Scene) -> None:
    attacker, victim = scene.hosts["sensor1"], scene.hosts["hub"]
    rng = random.Random(7)
    assert {address_of(victim, attacker, rng) for _ in range(50)} == {victim.ip}
    victim.addresses = (victim.ip, "fd00::2")
    assert {address_of(victim, attacker, rng) for _ in range(50)} == {victim.ip}
    attacker.addresses = (attacker.ip, "fd00::1")
    assert {address_of(victim, attacker, rng) for _ in range(50)} == {victim.ip, "fd00::2"}


@given(st.integers(0, 100), st.integers(0, 100), st.floats(0.01, 1.0))
def test_an_amount_is_scaled_and_never_below_three(low: int, more: int, scale: float) -> None:
    found = amount(Episode(0, "dos", "syn", ("a",), "b", scale), random.Random(7), low, low + more)
    assert 3 <= found <= max(3, low + more)
