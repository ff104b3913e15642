import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 6120, section 4.2: how a stream is opened.

YES: list[Flow] = [
    (b"<?xml version='1.0'?><stream:stream from='juliet@im.example.com' xmlns='jabber:client'>", b""),
    (b"<stream:stream xmlns='jabber:client'>", b"<?xml version='1.0'?>\n<stream:stream xmlns='jabber:client'>"),
    (b"", b"\xef\xbb\xbf<stream:stream xmlns='jabber:server'>"),
]
NO: list[Flow] = [
    (b"", b""),
    (b"<?xml version='1.0'?><html>", b""),
    (b"<?xml version='1.0' <stream:stream xmlns='jabber:client'>", b""),
    (b"<stream:stream xmlns='other'>", b""),
    (b"<stream:stream xmlns='jabber:client'>", b"HTTP/1.1 400 Bad Request\r\n"),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 5222)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("xmpp", client, server, proto=6, port=5222)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("xmpp", client, server, proto=6, port=5222)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("xmpp", *YES[0], proto=17, port=5222)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("xmpp", YES, proto=6, port=5222)


def test_any_bytes_survive() -> None:
    survives_anything("xmpp", YES, proto=6, port=5222)
