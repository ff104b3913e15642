import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# The RESP specification, "Sending commands to a Redis server" and its table of kinds.

YES: list[Flow] = [
    (b"*2\r\n$4\r\nLLEN\r\n$6\r\nmylist\r\n", b":48293\r\n"),
    (b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
    (b"*2\r\n$3\r\nGET\r\n$1\r\na\r\n", b"$-1\r\n"),
    (b"*1\r\n$4\r\nPING\r\n", b""),
    (b"PING\r\n", b"+PONG\r\n"),
    (b"*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n", b"%7\r\n$6\r\nserver\r\n"),
]
NO: list[Flow] = [
    (b"", b""),
    (b"", b"+OK\r\n"),
    (b"*2\r\nLLEN\r\n", b":1\r\n"),
    (b"*2\r\n$x\r\n", b""),
    (b"*\r\n$4\r\n", b""),
    (b"*1\r\n$4\r\nPING\r\n", b"HTTP/1.1 200 OK\r\n"),
    (b"*1\r\n$4\r\nPING\r\n", b"$x\r\n"),
    (b"*1\r\n$4\r\nPING\r\n", b"+PONG"),
    (b"* OK ready\r\n", b"* OK\r\n"),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 6379)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("redis", client, server, proto=6, port=6379)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("redis", client, server, proto=6, port=6379)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("redis", *YES[0], proto=17, port=6379)


def test_words_are_believed_on_its_port_only() -> None:
    assert not speaks("redis", b"PING\r\n", b"+PONG\r\n", proto=6, port=7000)
    assert speaks("redis", *YES[0], proto=6, port=7000)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("redis", YES, proto=6, port=6379)


def test_any_bytes_survive() -> None:
    survives_anything("redis", YES, proto=6, port=6379)
