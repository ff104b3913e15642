import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.errors import ActionError, ConfigError
from redshank.lab.arena import Arena, choose

HOME = Arena((ipaddress.IPv4Network("10.1.2.0/24"), ipaddress.IPv6Network("fd00:1::/64")))


@pytest.mark.parametrize("target", ["10.1.2.1", "10.1.2.254", "fd00:1::7"])
def test_an_address_of_the_lab_passes(target: str) -> None:
    assert HOME.check(target) == target


@pytest.mark.parametrize("target", ["10.1.3.1", "8.8.8.8", "192.168.1.1", "127.0.0.1", "2001:db8::1", "fd00:2::7"])
def test_an_address_outside_the_lab_is_refused(target: str) -> None:
    with pytest.raises(ActionError, match=f"target '{target}' is outside this lab"):
        HOME.check(target)


def test_a_name_is_refused() -> None:
    with pytest.raises(ActionError, match="target 'example.org' is not an IP address"):
        HOME.check("example.org")


@given(st.ip_addresses())
def test_no_address_of_other_people_ever_passes(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    inside = any(address in network for network in HOME.networks)
    try:
        assert HOME.check(str(address)) == str(address)
        passed = True
    except ActionError:
        passed = False
    assert passed == inside


@pytest.mark.parametrize("network", ["8.8.8.0/24", "172.32.0.0/16", "2001:db8::/64", "0.0.0.0/0"])
def test_an_arena_of_public_addresses_is_refused(network: str) -> None:
    with pytest.raises(ConfigError, match=f"network '{network}' is not private"):
        Arena((ipaddress.ip_network(network),))


@pytest.mark.parametrize("seed", range(30))
def test_chosen_addresses_are_private_distinct_and_in_their_networks(seed: int) -> None:
    chosen = choose(seed, ("gateway", "hub", "sensor1"), ("api", "site"), ipv6=("gateway", "hub", "sensor1"))
    assert len({*chosen.v4.values()}) == 6
    assert len({*chosen.v6.values()}) == 3
    assert not chosen.lan.overlaps(chosen.upstream)
    arena = chosen.arena()
    for address in (*chosen.v4.values(), *chosen.v6.values()):
        assert arena.check(address) == address


def test_two_seeds_choose_other_addresses_and_one_seed_the_same() -> None:
    assert choose(1, ("gateway",), (), ipv6=()) == choose(1, ("gateway",), (), ipv6=())
    assert choose(1, ("gateway",), (), ipv6=()).lan != choose(2, ("gateway",), (), ipv6=()).lan
