from collections.abc import Sequence
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frames import arp, block, ethernet, ipv4, udp, vlan
from redshank.flows import claims
from redshank.flows.claims import AGAIN_NS, ARP, MEMORY_NS, SECOND_OWNER, Claims

GATEWAY, VICTIM, ATTACKER, GUEST = (f"02:00:00:00:00:0{number}" for number in range(1, 5))
AT = {GATEWAY: "10.0.0.1", VICTIM: "10.0.0.2", ATTACKER: "10.0.0.3"}
SECOND_NS = 10**9


def said(mac: str, address: str, *, reply: bool = True, tag: bool = False, sender: str | None = None) -> bytes:
    body = arp(src_ip=address, src_mac=mac, dst_ip="10.0.0.9", reply=reply)
    sender = sender or mac
    return ethernet(vlan(body, 7, 0x0806), 0x8100, src=sender) if tag else ethernet(body, 0x0806, src=sender)


def heard(frames: Sequence[bytes], step_ns: int = SECOND_NS, known: Claims | None = None) -> list[dict[str, object]]:
    """Return what is told of frames `step_ns` apart."""
    told = (known or Claims()).take(block(frames, ts_ns=[(1 + place) * step_ns for place in range(len(frames))]))
    return [] if told is None else told.to_pylist()


HELLO = [said(mac, address, reply=False) for mac, address in AT.items()]


@pytest.mark.parametrize("tag", [False, True])
def test_a_device_that_says_it_is_the_gateway_too_is_told_with_its_own_address(*, tag: bool) -> None:
    row, *others = heard([*HELLO, said(ATTACKER, AT[GATEWAY], tag=tag)])
    assert not others
    assert (row["src_ip"], row["src_mac"]) == (AT[ATTACKER], ATTACKER)
    assert (row["dst_ip"], row["dst_mac"]) == (AT[GATEWAY], GATEWAY)
    assert (row["proto"], row["weird_name"], row["part"]) == (ARP, SECOND_OWNER, "final")
    assert row["weird_addl"] == f"{ATTACKER} claims 10.0.0.1, which {GATEWAY} holds"


def test_a_lie_goes_on_as_a_lie_and_is_told_twice_a_minute() -> None:
    known = Claims()
    rows = heard([*HELLO, *[said(ATTACKER, AT[GATEWAY]), said(GATEWAY, AT[GATEWAY])] * 45], known=known)
    assert [row["dst_ip"] for row in rows] == [AT[GATEWAY]] * 3


def test_who_lies_about_two_addresses_is_told_though_nobody_knows_his_own() -> None:
    rows = heard([*HELLO[:2], said(GUEST, AT[GATEWAY]), said(GUEST, AT[VICTIM])])
    assert [(row["src_mac"], row["dst_ip"]) for row in rows] == [(GUEST, AT[VICTIM])]


def test_a_lie_that_came_before_the_truth_is_told_when_it_is_said_again() -> None:
    rows = heard([said(ATTACKER, AT[GATEWAY]), *HELLO, said(ATTACKER, AT[GATEWAY])])
    assert [(row["src_ip"], row["dst_ip"]) for row in rows] == [(AT[ATTACKER], AT[GATEWAY])]


def test_who_lies_before_anybody_knows_him_has_nobody_blamed_who_tells_the_truth_against_it() -> None:
    """A gateway of two addresses was told as the liar when it spoke for the one that a stranger had claimed."""
    second = said(GATEWAY, "10.0.0.254")
    truth = said(GATEWAY, AT[GATEWAY])
    rows = heard([*HELLO, second, said(GUEST, AT[GATEWAY]), truth, said(GUEST, AT[GATEWAY]), second, truth], AGAIN_NS)
    assert rows == []


@pytest.mark.parametrize("tag", [False, True])
def test_a_lie_in_anothers_name_is_told_with_the_hardware_address_that_said_it(*, tag: bool) -> None:
    row, *others = heard([*HELLO, said(VICTIM, AT[GATEWAY], sender=ATTACKER, tag=tag)])
    assert not others
    assert (row["src_ip"], row["src_mac"]) == (AT[VICTIM], ATTACKER)
    assert row["weird_addl"] == f"{VICTIM} claims 10.0.0.1, which {GATEWAY} holds; {ATTACKER} says so"


def test_who_invents_devices_makes_no_more_rows_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "TOLD", 5)
    known = Claims()
    lies = [said(f"02:00:00:00:01:{n:02x}", one) for n in range(50) for one in (f"10.0.1.{n}", AT[GATEWAY])]
    assert len(heard([*HELLO, *lies], 1_000_000, known)) == 5
    assert known.untold == 45
    later = heard([said(ATTACKER, AT[ATTACKER]), said(ATTACKER, AT[GATEWAY])], 60 * SECOND_NS, known)
    assert [row["src_mac"] for row in later] == [ATTACKER]


def test_a_clock_that_was_set_back_hides_no_lie() -> None:
    known = Claims()
    frames = [*HELLO, said(ATTACKER, AT[GATEWAY])]
    assert len(heard(frames, 100 * SECOND_NS, known)) == 1
    assert len(heard(frames, known=known)) == 1


@pytest.mark.parametrize(
    "frames",
    [
        pytest.param([*HELLO, *HELLO], id="everybody speaks for himself"),
        pytest.param([*HELLO, said(GUEST, AT[VICTIM])], id="a new device gets the address of one that left"),
        pytest.param([*HELLO, said(VICTIM, "10.0.0.77")], id="a device takes an address that nobody had"),
        pytest.param([*HELLO, said(ATTACKER, "0.0.0.0")], id="a device asks before it takes an address"),
        pytest.param([*HELLO, said(GATEWAY, AT[GATEWAY]), b"short", said(ATTACKER, AT[VICTIM])[:40]], id="cut frames"),
        pytest.param([*HELLO, ethernet(ipv4(udp(), src=AT[GATEWAY]), src=ATTACKER)], id="a router passes packets on"),
    ],
)
def test_what_only_looks_like_it_is_not_told(frames: list[bytes]) -> None:
    assert heard(frames) == []


def test_an_address_that_nobody_spoke_for_in_ten_minutes_is_free() -> None:
    frames = [*HELLO, said(ATTACKER, AT[ATTACKER]), said(ATTACKER, AT[GATEWAY])]
    assert heard(frames, MEMORY_NS) == []
    assert len(heard(frames, MEMORY_NS // 5)) == 1


def test_memory_is_bounded_whatever_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "MOST", 16)
    monkeypatch.setattr(claims, "TOLD", 16)
    known = Claims()
    lies = [said(f"02:00:00:00:01:{n:02x}", str(IPv4Address("10.0.1.0") + m)) for n in range(40) for m in range(12)]
    heard(lies, known=known)
    assert max(len(known._holders), len(known._own), len(known._told)) <= 16
    assert max(map(len, known._own.values())) <= claims.OWN


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_raise(bodies: list[bytes]) -> None:
    heard([frame[:2] and ethernet(frame, 0x0806) for frame in bodies])
