import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 4120, sections 5.4.1 and 5.9.1, encoded by X.690: APPLICATION 10 and 30, the version 5 and the kind of message.
AS_REQ = bytes.fromhex("6a0e 300c a103020105 a20302010a a400")
ERROR = bytes.fromhex("7e0e 300c a003020105 a10302011e a400")

# RFC 4121, section 4.1: the identifier of Kerberos, the kind 01 00 of a first token, an AP-REQ (APPLICATION 14).
TICKET = bytes.fromhex(
    "6023 06092a864886f71201020201006e 82 00 12 30 82 00 0e a003020105 a10302010e a203020100".replace(" ", "")
)
LDAP_BIND = bytes.fromhex("3039 020101 6034 020103 0400 a32d 0404") + b"GSS\x20" + b"\x04\x25" + TICKET

YES: list[Flow] = [
    (AS_REQ, ERROR),
    (AS_REQ, b""),
    (b"", ERROR),
]
NO: list[Flow] = [
    (b"", b""),
    (AS_REQ[:8], b""),
    (AS_REQ[:2] + b"\x31" + AS_REQ[3:], b""),
    (AS_REQ[:8] + b"\x04" + AS_REQ[9:], b""),  # version 4
    (AS_REQ[:3] + b"\x0d" + AS_REQ[4:], b""),  # the lengths do not meet
    (b"\x69" + AS_REQ[1:], b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 88)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("krb", client, server, proto=17, port=88)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("krb", client, server, proto=17, port=88)


def test_a_ticket_is_found_inside_ldap_only() -> None:
    assert speaks("krb", LDAP_BIND, proto=6, port=389)
    assert not speaks("krb", b"\x00" + LDAP_BIND, proto=6, port=389)
    assert not speaks("krb", LDAP_BIND.replace(b"\x01\x00\x6e", b"\x01\x01\x6e"), proto=6, port=389)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("krb", YES, proto=17, port=88)


def test_any_bytes_survive() -> None:
    survives_anything("krb", YES, proto=17, port=88)
