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
    (SEARCH, ENTRY),
    (SEARCH, b""),
    (ENTRY, b""),  # what reflects a forged request begins our flow
    (b"", ENTRY),
]
NO: list[Flow] = [
    (b"", b""),
    (SEARCH[:8], b""),
    (b"\x31" + SEARCH[1:], b""),
    (
        bytes.fromhex("3029 020101 0406") + b"public" + bytes.fromhex("a01c 020401020304 020100 020100 3000"),
        b"",
    ),  # SNMP
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 389)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ldap_udp", client, server, proto=17, port=389)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ldap_udp", client, server, proto=17, port=389)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ldap_udp", *YES[0], proto=6, port=389)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("ldap_udp", YES, proto=17, port=389)


def test_any_bytes_survive() -> None:
    survives_anything("ldap_udp", YES, proto=17, port=389)
