import pytest

from redshank.capture.interface import ANY, COOKED, LOOPBACK, MIXED, find, gone
from redshank.core.errors import ConfigError, SourceError
from wires import FAR, NEAR, NO_HEADER, PPP, ip, private_network, tun

pytestmark = pytest.mark.root


def test_an_interface_is_found_with_its_link_type() -> None:
    with private_network(), tun("tun0", NO_HEADER):
        lo, near, bare = find(["lo", NEAR, "tun0"])
    assert (lo.name, lo.hardware, lo.link_type) == ("lo", LOOPBACK, 1)
    assert (near.hardware, near.link_type) == (1, 1)
    assert (bare.hardware, bare.link_type) == (NO_HEADER, 101)
    assert bare.index not in (near.index, lo.index)


def test_hardware_we_do_not_know_is_cooked() -> None:
    with private_network(), tun("ppp0", PPP):
        (modem,) = find(["ppp0"])
    assert (modem.hardware, modem.link_type) == (PPP, COOKED)


def test_every_mistake_is_told_at_once_with_the_names_there_are() -> None:
    with private_network(), pytest.raises(ConfigError) as caught:
        find(["nera", "lo", "lo"])
    assert caught.value.problems == [
        "live: no interface 'nera'; did you mean 'near'? (there are: lo, far, near)",
        "live: interface 'lo' is given twice",
    ]


def test_no_interface_at_all_is_a_mistake() -> None:
    with private_network(), pytest.raises(ConfigError, match="no interface is given; .*there are: lo, far, near"):
        find([])


def test_an_interface_that_is_down_is_told_with_what_to_do() -> None:
    with private_network():
        ip(f"link set {FAR} down")
        with pytest.raises(
            SourceError, match=r"interface 'far' is down; set it up with `ip link set far up`.*: lo, far"
        ):
            find([NEAR, FAR])


def test_an_interface_that_goes_away_is_named() -> None:
    assert (
        str(gone("x0", "No such device"))
        == "live: interface 'x0' is gone (No such device); start again when it is there"
    )


def test_any_is_one_interface_that_no_device_has_to_be_there_for() -> None:
    (every,) = find([ANY])
    assert (every.name, every.index, every.link_type) == ("any", 0, MIXED)


def test_any_takes_no_other_name_beside_it() -> None:
    with pytest.raises(ConfigError, match="live: 'any' is all interfaces; leave 'lo', 'eth7' away"):
        find(["lo", "any", "eth7"])
