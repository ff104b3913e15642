import pytest

from payloads import speaks, survives_anything

YES = [
    (b"NICK bot\r\n", b":irc.example NOTICE"),
    (b"NICK bot\r\n", b"PING :1"),
]
NO = [
    (b"NICKNAME", b":irc.example NOTICE"),
    (b"HELO x", b":irc.example NOTICE"),
    (b"NICK bot\r\n", b"NICKNAME"),
    (b"NICK bot\r\n", b"HELO x"),
    (b"NICK bot\r\n", b""),
    (b"", b":irc.example NOTICE"),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("irc", client, server, proto=6, port=6667)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("irc", client, server, proto=6, port=6667)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("irc", *YES[0], proto=17, port=6667)


def test_any_bytes_survive() -> None:
    survives_anything("irc", YES, proto=6, port=6667)
