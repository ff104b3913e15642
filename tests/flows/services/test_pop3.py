import pytest

from payloads import speaks, survives_anything

YES = [
    (b"CAPA\r\n", b"+OK ready\r\n"),
]
NO = [
    (b"-ERR", b"+OK ready\r\n"),
    (b"+ok", b"+OK ready\r\n"),
    (b"NICK x", b"+OK ready\r\n"),
    (b"CAPA\r\n", b"-ERR"),
    (b"CAPA\r\n", b"+ok"),
    (b"CAPA\r\n", b"NICK x"),
    (b"CAPA\r\n", b""),
    (b"", b"+OK ready\r\n"),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("pop3", client, server, proto=6, port=110)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("pop3", client, server, proto=6, port=110)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("pop3", *YES[0], proto=17, port=110)


def test_any_bytes_survive() -> None:
    survives_anything("pop3", YES, proto=6, port=110)
