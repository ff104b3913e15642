from collections import Counter

import pytest

from redshank.lab.attack import ATTACKS
from redshank.lab.plan import FULL_S, LEAD, TAIL, episodes, one_each
from redshank.lab.scene import cast


@pytest.mark.parametrize("seed", range(15))
def test_a_full_recording_has_every_variant_of_every_family_in_order_of_time(seed: int) -> None:
    planned = episodes(seed, cast(seed), FULL_S)
    wanted = {(family, variant) for family in ATTACKS.names() for variant in ATTACKS.find(family).variants}
    assert {(episode.family, episode.variant) for episode in planned} == wanted
    assert [episode.at_s for episode in planned] == sorted(episode.at_s for episode in planned)
    assert all(FULL_S * LEAD <= episode.at_s <= FULL_S * TAIL for episode in planned)


@pytest.mark.parametrize("seed", range(15))
def test_attackers_are_compromised_devices_and_never_their_own_victim(seed: int) -> None:
    who = cast(seed)
    planned = episodes(seed, who, FULL_S)
    for episode in planned:
        assert set(episode.attackers) <= set(who.attackers)
        assert episode.victim not in episode.attackers
        assert len(set(episode.attackers)) == ATTACKS.find(episode.family).attackers
    assert len({name for episode in planned for name in episode.attackers}) >= 5
    assert len({episode.victim for episode in planned}) >= 5


def test_no_device_is_the_only_attacker_of_a_family_with_many_episodes() -> None:
    planned = [episode for seed in range(10) for episode in episodes(seed, cast(seed), FULL_S)]
    for family in ("scanning", "password", "backdoor"):
        attackers = Counter(episode.attackers[0] for episode in planned if episode.family == family)
        assert max(attackers.values()) < 0.4 * sum(attackers.values())


def test_a_short_recording_still_has_every_family_once() -> None:
    planned = episodes(3, cast(3), 20.0)
    assert Counter(episode.family for episode in planned) == Counter(ATTACKS.names())
    assert {episode.scale for episode in planned} == {0.2}


def test_plans_follow_the_seed() -> None:
    who = cast(1)
    assert episodes(1, who, FULL_S) == episodes(1, who, FULL_S)
    assert episodes(1, who, FULL_S) != episodes(2, who, FULL_S)


@pytest.mark.parametrize("seed", range(5))
def test_one_attack_of_each_family_in_full_size_in_an_order_of_the_seeds_own(seed: int) -> None:
    planned = one_each(seed, cast(seed), 60.0)
    assert Counter(episode.family for episode in planned) == Counter(ATTACKS.names())
    assert [episode.family for episode in planned] != [one.family for one in one_each(seed + 1, cast(seed + 1), 60.0)]
    assert {episode.scale for episode in planned} == {1.0}
    assert one_each(seed, cast(seed), 60.0) == planned
    assert [one.family for one in one_each(seed, cast(seed), 60.0, ("xss",))] == ["xss"]
