import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 4511, section 4.2 and appendix B, encoded by X.690: an anonymous bind of version 3, its response, a search.
BIND = bytes.fromhex("300c 020101 6007 020103 0400 8000")
BOUND = bytes.fromhex("300c 020101 6107 0a0100 0400 0400")
SEARCH = (
    bytes.fromhex("3084 00000028 020102 6384 0000001f 0400 0a0100 0a0100 020100 020100 010100 870b")
    + b"objectClass"
    + (b"\x30\x00")
)
ENTRY = bytes.fromhex("3009 020102 6404 0400 3000")

YES: list[Flow] = [
    (BIND, BOUND),
    (SEARCH, ENTRY),
    (BIND, b""),
    (b"", BOUND),
    (BIND + SEARCH, BOUND + ENTRY),
]
NO: list[Flow] = [
    (b"", b""),
    (BOUND, BIND),
    (BIND, b"HTTP/1.1 400 Bad Request\r\n"),
    (BIND[:4] + b"\xff" + BIND[5:], b""),  # numbers of messages are not negative
    (BIND[:6] + b"\x0d" + BIND[7:], b""),  # longer than the message
    (b"\x31" + BIND[1:], b""),
    (BIND[:5] + b"\x62" + BIND[6:], b""),
    (BIND[:5], b""),
    (bytes.fromhex("30800201016007020103040080000000"), b""),  # of indefinite length
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 389)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ldap_tcp", client, server, proto=6, port=389)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ldap_tcp", client, server, proto=6, port=389)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ldap_tcp", *YES[0], proto=17, port=389)


def test_elsewhere_both_sides_must_speak_it() -> None:
    assert speaks("ldap_tcp", BIND, BOUND, proto=6, port=1389)
    assert not speaks("ldap_tcp", BIND, b"", proto=6, port=1389)
    assert not speaks("ldap_tcp", b"", BOUND, proto=6, port=1389)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("ldap_tcp", YES, proto=6, port=389)


def test_any_bytes_survive() -> None:
    survives_anything("ldap_tcp", YES, proto=6, port=389)
