import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 9051, sections 2.2.1, 6.1.1 and 7.1.

YES: list[Flow] = [
    (b"a001 CAPABILITY\r\n", b"* OK IMAP4rev2 Service Ready\r\n"),
    (b"A1 login mrc secret\r\n", b"* OK [CAPABILITY IMAP4rev1] ready\r\n"),
    (b". STARTTLS\r\n", b"* PREAUTH IMAP4rev2 server logged in as Smith\r\n"),
]
NO: list[Flow] = [
    (b"", b""),
    (b"", b"* OK IMAP4rev2 Service Ready\r\n"),
    (b"a001 CAPABILITY\r\n", b""),
    (b"a001 CAPABILITY\r\n", b"+OK ready\r\n"),
    (b" CAPABILITY\r\n", b"* OK ready\r\n"),
    (b"a001\r\nCAPABILITY\r\n", b"* OK ready\r\n"),
    (b"GET / HTTP/1.1\r\n", b"* OK ready\r\n"),
    (b"a" * 40 + b" NOOP\r\n", b"* OK ready\r\n"),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 143)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("imap", client, server, proto=6, port=143)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("imap", client, server, proto=6, port=143)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("imap", *YES[0], proto=17, port=143)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("imap", YES, proto=6, port=143)


def test_any_bytes_survive() -> None:
    survives_anything("imap", YES, proto=6, port=143)
