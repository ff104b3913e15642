import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 1928, sections 3 and 4: version 5, one method (0: none needed), CONNECT (1) to a name (3) and a port.
CONNECT = b"\x05\x01\x00\x03\x0bexample.com\x00\x50"
# The SOCKS 4 memo: CONNECT (1) to port 80 of 66.102.7.99 as "Fred", granted (90).
CONNECT_4, GRANTED = bytes.fromhex("0401005042660763") + b"Fred\0", bytes.fromhex("005a005042660763")

YES: list[Flow] = [
    (b"\x05\x01\x00" + CONNECT, b"\x05\x00\x05\x00\x00\x01"),
    (b"\x05\x02\x00\x02", b"\x05\x02"),
    (b"\x05\x01\x00", b"\x05\xff"),
    (CONNECT_4, GRANTED),
    (bytes.fromhex("0401005000000001") + b"\0example.com\0", b"\x00\x5b" + GRANTED[2:]),
]
NO: list[Flow] = [
    (b"", b""),
    (b"\x05\x01\x00", b""),
    (b"\x05\x01\x00", b"\x05\x02"),  # chosen, but never offered
    (b"\x05\x00", b"\x05\xff"),
    (b"\x05\x02\x00", b"\x05\x00"),
    (b"\x05\x01\x40", b"\x05\x40"),
    (b"\x05\x01\x00GET / HTTP/1.1", b"\x05\x00"),
    (CONNECT_4, b"\x00\x50" + GRANTED[2:]),
    (CONNECT_4[:-1], GRANTED),
    (CONNECT_4[:8] + b"\xff\xfe\0", GRANTED),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 1080)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("socks", client, server, proto=6, port=1080)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("socks", client, server, proto=6, port=1080)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("socks", *YES[0], proto=17, port=1080)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("socks", YES, proto=6, port=1080)


def test_any_bytes_survive() -> None:
    survives_anything("socks", YES, proto=6, port=1080)
