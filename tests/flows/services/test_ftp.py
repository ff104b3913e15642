import pytest

from payloads import speaks, survives_anything

YES = [
    (b"USER bob\r\n", b"220 ProFTPD\r\n"),
    (b"auth tls\r\n", b"220 ProFTPD\r\n"),
]
NO = [
    (b"220", b"220 ProFTPD\r\n"),
    (b"220Welcome", b"220 ProFTPD\r\n"),
    (b"EHLO x", b"220 ProFTPD\r\n"),
    (b"USER bob\r\n", b"220"),
    (b"USER bob\r\n", b"220Welcome"),
    (b"USER bob\r\n", b"EHLO x"),
    (b"USER bob\r\n", b""),
    (b"", b"220 ProFTPD\r\n"),
    (b"", b""),
]


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ftp", client, server, proto=6, port=21)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ftp", client, server, proto=6, port=21)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ftp", *YES[0], proto=17, port=21)


def test_any_bytes_survive() -> None:
    survives_anything("ftp", YES, proto=6, port=21)
