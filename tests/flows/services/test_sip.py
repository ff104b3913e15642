import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 3261, sections 7.1 and 7.2, and its examples in section 24.

YES: list[Flow] = [
    (b"INVITE sip:bob@biloxi.com SIP/2.0\r\nVia: SIP/2.0/UDP pc33.atlanta.com\r\n", b"SIP/2.0 180 Ringing\r\n"),
    (b"REGISTER sip:registrar.biloxi.com SIP/2.0\r\n", b""),
    (b"", b"SIP/2.0 401 Unauthorized\r\n"),
]
NO: list[Flow] = [
    (b"", b""),
    (b"INVITE sip:bob@biloxi.com", b""),
    (b"OPTIONS * HTTP/1.1\r\nX: SIP/2.0\r\n", b""),
    (b"SIP/2.1 200 OK\r\n", b""),
    (b"NOTIFY * HTTP/1.1\r\n", b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 5060)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("sip", client, server, proto=17, port=5060)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("sip", client, server, proto=17, port=5060)


def test_it_may_come_over_tcp() -> None:
    assert speaks("sip", *YES[0], proto=6, port=5060)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("sip", YES, proto=17, port=5060)


def test_any_bytes_survive() -> None:
    survives_anything("sip", YES, proto=17, port=5060)
