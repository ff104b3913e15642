import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 905, section 13.3 in TPKT: a connection request (E0) and confirm (D0) with the parameters C0, C1 and C2, then data
# (F0) that begin with 32, kind 1 (job) or 3 (answer); S7comm-plus with 72.
REQUEST = bytes.fromhex("0300001611e00000000100c0010ac1020100c2020102")
CONFIRM = bytes.fromhex("0300001611d00001000500c0010ac1020100c2020102")
SETUP = bytes.fromhex("0300001902f08032010000000000080000f0000001000101e0")
DONE = bytes.fromhex("0300001b02f080320300000000000800000000f0000001000100f0")

YES: list[Flow] = [
    (REQUEST + SETUP, CONFIRM + DONE),
    (SETUP, b""),
    (b"", DONE),
    (REQUEST + bytes.fromhex("0300001402f0807201000531000004ca00000001"), CONFIRM),
]
NO: list[Flow] = [
    (b"", b""),
    (REQUEST, CONFIRM),
    (REQUEST + SETUP[:8], b""),
    (SETUP[:7] + b"\x33" + SETUP[8:], b""),
    (SETUP[:8] + b"\x05" + SETUP[9:], b""),
    (b"\x03\x00\x00\x03\x02\xf0\x80\x32\x01", b""),
    (bytes.fromhex("0300001702f08064000503eb703661657470"), b""),  # RDP goes on so
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 102)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("s7comm", client, server, proto=6, port=102)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("s7comm", client, server, proto=6, port=102)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("s7comm", *YES[0], proto=17, port=102)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("s7comm", YES, proto=6, port=102)


def test_any_bytes_survive() -> None:
    survives_anything("s7comm", YES, proto=6, port=102)
