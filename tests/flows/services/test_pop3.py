import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 1939, sections 4, 7 and 10; RFC 2449, section 5 (CAPA); RFC 2595, section 4 (STLS).

YES: list[Flow] = [
    (b"USER mrose\r\n", b"+OK POP3 server ready <1896.697170952@dbc.mtview.ca.us>\r\n"),
    (b"capa\r\n", b"+OK Dovecot ready.\r\n"),
    (b"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n", b"+OK POP3 server ready\r\n"),
    (b"STLS\r\n", b"+OK ready\r\n"),
]
NO: list[Flow] = [
    (b"", b""),
    (b"USER mrose\r\n", b""),
    (b"", b"+OK POP3 server ready\r\n"),
    (b"USER mrose\r\n", b"-ERR\r\n"),
    (b"AUTH secret\r\n", b"+OK\r\n"),  # Redis answers so
    (b"EHLO x\r\n", b"+OK POP3 server ready\r\n"),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 110)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("pop3", client, server, proto=6, port=110)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("pop3", client, server, proto=6, port=110)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("pop3", *YES[0], proto=17, port=110)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("pop3", YES, proto=6, port=110)


def test_any_bytes_survive() -> None:
    survives_anything("pop3", YES, proto=6, port=110)
