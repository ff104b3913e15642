import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 2131, figure 1: op, htype, hlen, hops, then 232 bytes up to the magic cookie 99.130.83.99 of section 3.
REQUEST = b"\x01\x01\x06\x00" + bytes(232) + b"\x63\x82\x53\x63\x35\x01\x01\xff"
REPLY = b"\x02" + REQUEST[1:-2] + b"\x02\xff"

YES: list[Flow] = [
    (REQUEST, b""),
    (REQUEST, REPLY),
    (b"", REPLY),
    (REPLY, b""),  # a broadcast of the server is a flow of its own
]
NO: list[Flow] = [
    (b"", b""),
    (b"\x03" + REQUEST[1:], b""),
    (REQUEST[:239], b""),
    (REQUEST[:236] + b"\x63\x82\x53\x64", b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 67)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("dhcp", client, server, proto=17, port=67)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("dhcp", client, server, proto=17, port=67)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("dhcp", *YES[0], proto=6, port=67)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("dhcp", YES, proto=17, port=67)


def test_any_bytes_survive() -> None:
    survives_anything("dhcp", YES, proto=17, port=67)
