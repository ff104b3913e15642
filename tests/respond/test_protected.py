import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.core.errors import ConfigError
from redshank.respond import protected
from redshank.respond.protected import Protected, Surroundings, named
from responses import ATTACKER, ATTACKER_MAC, GATEWAY, GATEWAY_MAC, HOME

LIST = Protected.of(HOME)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        (GATEWAY, "gateway (eth0)"),
        ("::ffff:10.0.0.1", "gateway (eth0)"),
        ("64:ff9b::10.0.0.1", "gateway (eth0)"),
        ("2002:a00:1::5", "gateway (eth0)"),
        ("FD00:0::0053", "DNS server"),
        ("fd00::53%eth0", "DNS server"),
        ("10.0.9.200", "settings"),
        ("::ffff:10.0.9.200", "settings"),
        (GATEWAY_MAC, "link-layer address of 10.0.0.1 (gateway (eth0))"),
        (GATEWAY_MAC.upper().replace(":", "-"), "link-layer address of 10.0.0.1 (gateway (eth0))"),
        ("127.0.0.1", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("224.0.0.251", "multicast"),
        ("ff02::fb", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("169.254.1.1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("ff:ff:ff:ff:ff:ff", "multicast"),
        ("01:00:5e:00:00:fb", "multicast"),
        ("00:00:00:00:00:00", "unspecified"),
        ("010.0.0.66", "no address"),
        ("10.0.0.0/8", "no address"),
        ("", "no address"),
    ],
)
def test_who_is_protected_and_why(target: str, reason: str) -> None:
    assert LIST.why(target) == reason


@pytest.mark.parametrize("target", [ATTACKER, ATTACKER_MAC, "fd00::66", "203.0.113.9"])
def test_who_is_not(target: str) -> None:
    assert LIST.why(target) is None


def test_a_link_local_address_alone_protects_no_device() -> None:
    seen = Surroundings((), {"fe80::66": (ATTACKER_MAC,)})
    assert Protected.of(seen).why(ATTACKER_MAC) is None


def test_a_gateway_known_by_its_link_local_address_keeps_its_link_layer_address() -> None:
    seen = Surroundings((("fe80::1", "gateway (eth0)"),), {"fe80::1": (GATEWAY_MAC,)})
    assert Protected.of(seen).why(GATEWAY_MAC) == "link-layer address of fe80::1 (gateway (eth0))"


def test_a_forged_neighbor_takes_nobody_off_the_list() -> None:
    forged = Surroundings(HOME.named, {GATEWAY: (ATTACKER_MAC,), ATTACKER: (GATEWAY_MAC,)})
    assert Protected.of(forged, LIST).why(GATEWAY_MAC) is not None
    gone = Surroundings((("10.0.0.2", "gateway (eth0)"),), {})
    assert Protected.of(gone, LIST).why(GATEWAY_MAC) is None


def test_many_forged_neighbors_push_out_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protected, "MOST_MACS", 2)
    held = LIST
    for number in range(5):
        held = Protected.of(Surroundings(HOME.named, {GATEWAY: (f"02:00:00:00:00:0{number}",)}), held)
        assert held.why(f"02:00:00:00:00:0{number}") is not None
    assert held.why(GATEWAY_MAC) is not None
    assert len(held.owners) == 2


def test_what_is_no_address_in_a_file_is_left_out() -> None:
    assert Protected.of(Surroundings((("localhost", "DNS server"), ("10.0.0.0/99", "x")))).addresses == {}


def test_settings_that_name_no_address_are_all_told() -> None:
    with pytest.raises(ConfigError) as caught:
        named(["10.0.0.5", "broker.local", "10.0.0.0/40"], "respond.protect", "settings")
    assert [problem.split(";")[0] for problem in caught.value.problems] == [
        "respond.protect: 'broker.local' is neither an IP address nor a MAC like 02:00:5e:10:00:01",
        "respond.protect: '10.0.0.0/40' is no IP address or network like 10.0.0.0/24",
    ]


@given(st.text(max_size=80))
def test_any_text_has_an_answer(text: str) -> None:
    reason = LIST.why(text)
    assert reason is None or reason
