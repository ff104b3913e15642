import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# OPC 10000-6, sections 7.1.2.2 to 7.1.2.4: kind, chunk, size with the lower byte first; Hello has version, three sizes,
# a count, and an address with its length.
HELLO = b"HELF\x38\0\0\0" + bytes(4) + b"\xff\xff\0\0\xff\xff\0\0" + bytes(8) + b"\x18\0\0\0opc.tcp://127.0.0.1:4840"
ACKNOWLEDGE = b"ACKF\x1c\0\0\0" + bytes(4) + b"\xff\xff\0\0\xff\xff\0\0" + bytes(8)

YES: list[Flow] = [
    (HELLO, ACKNOWLEDGE),
    (HELLO, b""),
    (b"OPNF\x84\0\0\0" + bytes(8), b""),
    (b"", b"MSGC\x00\x20\0\0" + bytes(8)),
    (HELLO, b"ERRF\x10\0\0\0\0\0\x80\x80\0\0\0\0"),
]
NO: list[Flow] = [
    (b"", b""),
    (HELLO[:11], b""),
    (b"HELO example.com\r\n", b""),
    (b"HELF\x38\0\0\0\x07\0\0\0" + HELLO[12:], b""),
    (b"HELF\x08\0\0\0" + HELLO[8:], b""),
    (b"MSGF\x00\x00\x00\x70" + bytes(8), b""),
    (b"ABCF\x38\0\0\0" + bytes(8), b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 4840)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("opcua", client, server, proto=6, port=4840)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("opcua", client, server, proto=6, port=4840)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("opcua", *YES[0], proto=17, port=4840)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("opcua", YES, proto=6, port=4840)


def test_any_bytes_survive() -> None:
    survives_anything("opcua", YES, proto=6, port=4840)
