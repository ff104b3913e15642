import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 791, section 3.1: version 4, header of 20 bytes, total length. 3GPP TS 29.281, section 5.1: version 1 and
# protocol type, kind of message (255: a packet, 1: echo), length behind these eight bytes, tunnel.
IP = b"\x45\x00\x00\x1c" + bytes(24)


def message(kind: int, body: bytes, flags: int = 0x30) -> bytes:
    return bytes([flags, kind]) + len(body).to_bytes(2, "big") + b"\x00\x00\x00\x07" + body


NUMBERED = message(255, b"\x00\x01\x00\x00" + IP, 0x32)
EXTENDED = message(255, b"\x00\x01\x00\x85" + b"\x01\x00\x09\x00" + IP, 0x34)

YES: list[Flow] = [
    (message(255, IP), b""),
    (NUMBERED, EXTENDED),
    (message(1, b"\x00\x01\x00\x00", 0x32), message(2, b"\x00\x01\x00\x00\x0e\x00", 0x32)),
]
NO: list[Flow] = [
    (b"", b""),
    (message(255, IP)[:-1], b""),
    (message(255, IP) + b"\0", b""),
    (message(255, bytes(28)), b""),
    (message(255, IP, 0x50), b""),
    (message(255, IP, 0x38), b""),
    (message(255, b"\x00\x01\x00\x85" + b"\xff" * 4 + IP, 0x34), b""),  # the extension ends outside
    (message(0, b""), b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 2152)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("gtpv1", client, server, proto=17, port=2152)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("gtpv1", client, server, proto=17, port=2152)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("gtpv1", *YES[0], proto=6, port=2152)


def test_elsewhere_it_must_carry_a_packet() -> None:
    assert speaks("gtpv1", NUMBERED, proto=17, port=4000)
    assert not speaks("gtpv1", message(1, b"\x00\x01\x00\x00", 0x32), proto=17, port=4000)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("gtpv1", YES, proto=17, port=2152)


def test_any_bytes_survive() -> None:
    survives_anything("gtpv1", YES, proto=17, port=2152)
