import pytest

from payloads import speaks, survives_anything

YES = [
    (b"GET / HTTP/1.1\r\nHost: x\r\n", b""),
    (b"POST " + b"a" * 5000, b""),
    (b"", b"HTTP/1.1 200 OK\r\n"),
]
NO = [
    (b"GET", b""),
    (b"get / HTTP/1.1\r\n", b""),
    (b"NICK bob HTTPS\r\n", b""),
    (b"A B HTTP/1.1", b""),
    (b"", b"GET"),
    (b"", b"get / HTTP/1.1\r\n"),
    (b"", b"NICK bob HTTPS\r\n"),
    (b"", b"A B HTTP/1.1"),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("http", client, server, proto=6, port=8081)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("http", client, server, proto=6, port=8081)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("http", *YES[0], proto=17, port=8081)


def test_any_bytes_survive() -> None:
    survives_anything("http", YES, proto=6, port=8081)
