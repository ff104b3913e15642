import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 959, sections 4.2 and 7; RFC 4217, section 12.

YES: list[Flow] = [
    (b"USER bob\r\n", b"220 ProFTPD\r\n331 Password\r\n"),
    (b"auth tls\r\n\x16\x03\x01", b"220 ProFTPD\r\n234 Go on\r\n\x16\x03\x03\x00\x3a"),
    (b"USER bob\r\n", b"220-Welcome\r\n123_this is free text\r\n220 Ready\r\n331 Password\r\n"),
    (b"FEAT\r\n", b"120 Ready in 5 minutes\r\n220\r\n211-Extensions\r\n MLST\r\n"),
    (b"USER bob\r\n", b"220-Welcome, and the rest was not seen\r\n221x"),
]
NO: list[Flow] = [
    (b"220", b"220 ProFTPD\r\n"),
    (b"EHLO x", b"220 ProFTPD\r\n"),
    (b"USER bob\r\n", b"220"),
    (b"USER bob\r\n", b"220Welcome"),
    (b"USER bob\r\n", b"EHLO x"),
    (b"USER bob\r\n", b""),
    (b"", b"220 ProFTPD\r\n"),
    (b"USER bob\r\nRETR\r\n", b"220 Ready\r\n331 Password\r\n230_no_space\r\n"),
    (b"", b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 21)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ftp", client, server, proto=6, port=21)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ftp", client, server, proto=6, port=21)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ftp", *YES[0], proto=17, port=21)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("ftp", YES, proto=6, port=21)


def test_any_bytes_survive() -> None:
    survives_anything("ftp", YES, proto=6, port=21)
