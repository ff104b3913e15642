import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# PostgreSQL manual, "Message Formats": StartupMessage of version 3.0, SSLRequest, and what is answered.
BODY = b"\x00\x03\x00\x00user\0ann\0database\0lamps\0\0"
START = (len(BODY) + 4).to_bytes(4, "big") + BODY
SSL = bytes.fromhex("0000000804d2162f")
PASSWORD = bytes.fromhex("520000000c00000005") + b"salt"

YES: list[Flow] = [
    (START, PASSWORD),
    (START, b"E\x00\x00\x00\x10SFATAL\0\0"),
    (SSL + START, b"N" + PASSWORD),
    (SSL + b"\x16\x03\x01", b"S\x16\x03\x03"),
    (START, b""),
    (SSL, b""),
]
NO: list[Flow] = [
    (b"", b""),
    (b"", PASSWORD),
    (START, b"HTTP/1.1 400 Bad Request\r\n"),
    (SSL, b"HTTP/1.1 400 Bad Request\r\n"),
    (START[:6], b""),
    (START.replace(b"user", b"luser"), b""),
    (START[:5] + b"\x02" + START[6:], b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 5432)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("postgresql", client, server, proto=6, port=5432)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("postgresql", client, server, proto=6, port=5432)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("postgresql", *YES[0], proto=17, port=5432)


def test_elsewhere_a_server_must_answer() -> None:
    assert speaks("postgresql", SSL, b"N", proto=6, port=5555)
    assert not speaks("postgresql", SSL, b"", proto=6, port=5555)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("postgresql", YES, proto=6, port=5432)


def test_any_bytes_survive() -> None:
    survives_anything("postgresql", YES, proto=6, port=5432)
