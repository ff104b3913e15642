import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 5769, section 2.1: the beginning of the sample request: Binding, length, cookie, transaction.
HEADER = bytes.fromhex("000100082112a442b7e7a701bc34d686fa87dfae")
SOFTWARE = bytes.fromhex("80220004") + b"test"

YES: list[Flow] = [
    (HEADER + SOFTWARE, b""),
    (HEADER + SOFTWARE, b"\x01\x01" + HEADER[2:] + SOFTWARE),
    (b"", b"\x01\x01\x00\x00" + HEADER[4:]),
]
NO: list[Flow] = [
    (b"", b""),
    (HEADER[:19], b""),
    (HEADER + SOFTWARE[:-1], b""),
    (HEADER[:4] + b"\x22" + HEADER[5:] + SOFTWARE, b""),
    (b"\x80" + HEADER[1:] + SOFTWARE, b""),
    (HEADER[:3] + b"\x06" + HEADER[4:] + SOFTWARE[:6], b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 3478)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("stun", client, server, proto=17, port=3478)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("stun", client, server, proto=17, port=3478)


def test_over_tcp_more_may_follow() -> None:
    assert speaks("stun", HEADER + SOFTWARE + b"\x00\x01", proto=6, port=3478)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("stun", YES, proto=17, port=3478)


def test_any_bytes_survive() -> None:
    survives_anything("stun", YES, proto=17, port=3478)
