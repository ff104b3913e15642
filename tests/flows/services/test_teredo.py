import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts


# RFC 8200, section 3: version 6, payload length, next header (58 ICMPv6, 59 none), hop limit, addresses. RFC 4380,
# sections 5.1.1 and 2.6: an authentication without identifier, and the client's address and port, inverted.
def packet(payload: bytes, following: int = 58) -> bytes:
    return b"\x60\0\0\0" + len(payload).to_bytes(2, "big") + bytes([following, 255]) + bytes(32) + payload


SOLICITATION, BUBBLE = packet(bytes(8)), packet(b"", 59)
AUTHENTICATION, ORIGIN = b"\x00\x01\x00\x00" + bytes(9), b"\x00\x00\x63\xbf\x3f\xff\xfd\xd2"

YES: list[Flow] = [
    (AUTHENTICATION + SOLICITATION, AUTHENTICATION + ORIGIN + packet(bytes(48))),
    (BUBBLE, ORIGIN + BUBBLE),
    (BUBBLE + b"\x01\x02\x03\x04", BUBBLE),
]
NO: list[Flow] = [
    (b"", b""),
    (SOLICITATION, b""),
    (b"", SOLICITATION),
    (SOLICITATION + b"\0", SOLICITATION),
    (SOLICITATION[:-1], SOLICITATION),
    (b"\x40" + SOLICITATION[1:], SOLICITATION),
    (AUTHENTICATION + AUTHENTICATION + SOLICITATION, SOLICITATION),
    (AUTHENTICATION[:3], SOLICITATION),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 3544)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("teredo", client, server, proto=17, port=3544)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("teredo", client, server, proto=17, port=3544)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("teredo", *YES[0], proto=6, port=3544)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("teredo", YES, proto=17, port=3544)


def test_any_bytes_survive() -> None:
    survives_anything("teredo", YES, proto=17, port=3544)


def test_a_dns_question_of_41_bytes_is_not_taken_for_a_packet_of_one_byte() -> None:
    name = b"\x07tracker\x07adverts\x07example\x00"
    question = bytes.fromhex("60a1 0100 0001 0000 0000 0000") + name + bytes.fromhex("0001 0001")
    assert len(question) == 41
    assert not speaks("teredo", question, question[:2] + b"\x81\x83" + question[4:], proto=17, port=53)
