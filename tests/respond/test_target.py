import ipaddress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.respond.target import address, canonical, carried, is_mac, network


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("::FFFF:0A00:0001", "10.0.0.1"),
        ("0:0:0:0:0:ffff:a00:1", "10.0.0.1"),
        ("FD00:0000::0001", "fd00::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:10.0.0.1%3", "10.0.0.1"),
        ("02-00-5E-10-00-0A", "02:00:5e:10:00:0a"),
        ("0200.5e10.000A", "02:00:5e:10:00:0a"),
        ("02:00:5E:10:00:0A", "02:00:5e:10:00:0a"),
    ],
)
def test_every_spelling_of_an_address_is_one(text: str, plain: str) -> None:
    assert canonical(text) == plain
    assert canonical(plain) == plain


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            " ",
            "10.0.0.1 ",
            "\n10.0.0.1",
            "010.0.0.1",
            "10.0.0.01",
            "0x0a000001",
            "167772161",
            "10.1",
            "10.0.0.1%eth0",
        ),
        *(
            "10.0.0.0/24",
            "router",
            "\u0661\u0660.0.0.1",
            "::1::",
            "02:00:5e:10:00",
            "02:00-5e:10-00:0a",
            "02005e10000a",
        ),
        "f" * 100_000,
    ],
)
def test_what_can_be_read_in_two_ways_or_none_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is neither an IP address nor a MAC") as caught:
        canonical(text)
    assert len(str(caught.value)) < 500


def test_a_network_inside_ipv6_is_the_ipv4_network() -> None:
    assert str(network("::ffff:10.0.0.0/104")) == "10.0.0.0/8"
    assert str(network("fd00::1/64")) == "fd00::/64"
    with pytest.raises(ValueError, match="'10.0.0.0/33' is no IP address or network"):
        network("10.0.0.0/33")


@pytest.mark.parametrize(
    ("text", "inner"),
    [
        ("64:ff9b::a00:1", "10.0.0.1"),  # RFC 6052 2.1
        ("2002:a00:1::", "10.0.0.1"),  # RFC 3056
        ("::10.0.0.1", "10.0.0.1"),  # RFC 4291 2.5.5.1
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45"),  # RFC 4380 4: the example's client
    ],
)
def test_what_a_tunnel_carries_is_seen(text: str, inner: str) -> None:
    assert inner in map(str, carried(address(text)))


def test_loopback_of_ipv6_carries_nothing() -> None:
    assert list(map(str, carried(address("::1")))) == ["::1"]


@given(st.ip_addresses())
def test_canonical_form_is_the_same_address(ip: Any) -> None:
    again = ipaddress.ip_address(canonical(ip.exploded))
    assert again in (ip, getattr(ip, "ipv4_mapped", None))
    assert not is_mac(str(again))


@given(st.binary(min_size=6, max_size=6))
def test_link_layer_addresses_are_told_apart(raw: bytes) -> None:
    assert is_mac(canonical(raw.hex("-")))
