import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 2812, sections 3.1 and 5; IRCv3 for CAP and STARTTLS.

YES: list[Flow] = [
    (b"NICK Wiz\r\nUSER guest 0 * :Ronnie Reagan\r\n", b":irc.example.net 001 Wiz :Welcome\r\n"),
    (b"CAP LS 302\r\n", b":ircd1.local NOTICE * :*** Looking up your hostname...\r\n"),
    (b"pass secret\r\nNICK Wiz\r\n", b"NOTICE AUTH :*** Looking up\r\n"),
    (b"STARTTLS\r\n\x16\x03\x01", b":irc.example.net 670 :go ahead\r\n"),
    (b"NICK x\r\n", b"ERROR :Closing link\r\n"),
]
NO: list[Flow] = [
    (b"", b""),
    (b"NICK Wiz\r\n", b""),
    (b"", b":irc.example.net 001 Wiz :Welcome\r\n"),
    (b"NICK Wiz\r\n", b"+OK POP3\r\n"),
    (b"USER bob\r\n", b"220 ProFTPD\r\n"),
    (b"GET / HTTP/1.1\r\n", b":irc.example.net 001\r\n"),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 6667)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("irc", client, server, proto=6, port=6667)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("irc", client, server, proto=6, port=6667)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("irc", *YES[0], proto=17, port=6667)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("irc", YES, proto=6, port=6667)


def test_any_bytes_survive() -> None:
    survives_anything("irc", YES, proto=6, port=6667)
