import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# MySQL internals, Protocol::HandshakeV10: protocol 10, version, thread, 8 bytes of a challenge, 0, capabilities,
# character set, status, more capabilities, length of the challenge, 10 zeros, the rest of the challenge, a name.
BODY = (
    b"\x0a5.7.31-log\0\x08\x00\x00\x00abcdefgh\0"
    + bytes.fromhex("fff7 08 0200 ff81 15")
    + bytes(10)
    + b"ijklmnopqrst\0mysql_native_password\0"
)
GREETING = len(BODY).to_bytes(3, "little") + b"\x00" + BODY

YES: list[Flow] = [
    (b"", GREETING),
    (b"\x20\x00\x00\x01\x85\xae\xff\x00" + bytes(28), GREETING + b"\x07\x00\x00\x02\x00\x00\x00\x02\x00\x00\x00"),
]
NO: list[Flow] = [
    (b"", b""),
    (GREETING, b""),
    (b"", GREETING[:-1]),
    (b"", GREETING[:4] + b"\x09" + GREETING[5:]),
    (b"", GREETING[:3] + b"\x01" + GREETING[4:]),
    (b"", GREETING.replace(b"5.7.31-log", b"Fred 31-lo")),
    (b"", GREETING.replace(b"5.7.31-log", b"5.7\x0131-log")),
    (b"", GREETING.replace(b"abcdefgh\0", b"abcdefghi")),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 3306)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("mysql", client, server, proto=6, port=3306)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("mysql", client, server, proto=6, port=3306)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("mysql", *YES[0], proto=17, port=3306)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("mysql", YES, proto=6, port=3306)


def test_any_bytes_survive() -> None:
    survives_anything("mysql", YES, proto=6, port=3306)
