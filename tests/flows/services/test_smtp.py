import pytest

from payloads import speaks, survives_anything

YES = [
    (b"ehlo client\r\n", b"220-mail ESMTP\r\n"),
    (b"HELO x", b"220-mail ESMTP\r\n"),
]
NO = [
    (b"HELLO", b"220-mail ESMTP\r\n"),
    (b"USER x", b"220-mail ESMTP\r\n"),
    (b"250 ok", b"220-mail ESMTP\r\n"),
    (b"ehlo client\r\n", b"HELLO"),
    (b"ehlo client\r\n", b"USER x"),
    (b"ehlo client\r\n", b"250 ok"),
    (b"ehlo client\r\n", b""),
    (b"", b"220-mail ESMTP\r\n"),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("smtp", client, server, proto=6, port=25)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("smtp", client, server, proto=6, port=25)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("smtp", *YES[0], proto=17, port=25)


def test_any_bytes_survive() -> None:
    survives_anything("smtp", YES, proto=6, port=25)
