import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 2326, sections 10.2 and 10.10 give the requests, section 7 the status line.

YES: list[Flow] = [
    (b"DESCRIBE rtsp://server.example.com/fizzle/foo RTSP/1.0\r\nCSeq: 312\r\n\r\n", b""),
    (b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", b"RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n"),
    (b"", b"RTSP/2.0 454 Session Not Found\r\n"),
]
NO: list[Flow] = [
    (b"", b""),
    (b"OPTIONS * HTTP/1.1\r\nX: a RTSP/1.0\r\n\r\n", b""),
    (b"OPTIONS sip:carol@chicago.com SIP/2.0\r\n", b""),
    (b"DESCRIBE rtsp://server.example.com/fizzle/foo", b""),
    (b"", b"RTSP/1."),
    (b"", b"HTTP/1.1 200 OK\r\n"),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 554)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("rtsp", client, server, proto=6, port=554)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("rtsp", client, server, proto=6, port=554)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("rtsp", *YES[0], proto=17, port=554)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("rtsp", YES, proto=6, port=554)


def test_any_bytes_survive() -> None:
    survives_anything("rtsp", YES, proto=6, port=554)
