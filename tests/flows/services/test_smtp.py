import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 5321, sections 3.1 and 4.1.1.1 and appendix D.

YES: list[Flow] = [
    (b"EHLO bar.com\r\n", b"220 foo.com Simple Mail Transfer Service Ready\r\n250-foo.com\r\n"),
    (b"helo bar.com\r\n", b"220-foo.com ESMTP\r\n220 ready\r\n"),
    (b"EHLO bar.com\r\n", b"554 No SMTP service here\r\n"),
    (b"EHLO bar.com\r\n", b"421 foo.com Service not available\r\n"),
]
NO: list[Flow] = [
    (b"", b""),
    (b"EHLO bar.com\r\n", b""),
    (b"", b"220 foo.com ready\r\n"),
    (b"USER bob\r\n", b"220 foo.com ready\r\n"),
    (b"EHLO bar.com\r\n", b"+OK ready\r\n"),
    (b"EHLObar\r\n", b"220 foo.com ready\r\n"),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 25)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("smtp", client, server, proto=6, port=25)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("smtp", client, server, proto=6, port=25)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("smtp", *YES[0], proto=17, port=25)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("smtp", YES, proto=6, port=25)


def test_any_bytes_survive() -> None:
    survives_anything("smtp", YES, proto=6, port=25)
