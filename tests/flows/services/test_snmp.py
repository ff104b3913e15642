import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# RFC 1157, section 4 and RFC 3416, section 3, encoded by X.690: a GET of sysDescr.0 with the community "public".
BINDING = bytes.fromhex("300e 300c 0608 2b06010201010100 0500")
PDU = bytes.fromhex("a01c 020401020304 020100 020100") + BINDING
GET = bytes.fromhex("3029 020101 0406") + b"public" + PDU
# RFC 3412, section 6: version 3, then the header's sequence: number, largest size, flags, model 3.
DISCOVER = bytes.fromhex("303e 020103 3011 020430f6f3d5 020300ffe3 040104 020103 0410 300e 0400 020100 020100") + bytes(
    28
)
# RFC 1157, section 4.1.6: a trap begins with the OID of its enterprise.
TRAP = (
    bytes.fromhex("3029 020100 0406")
    + b"public"
    + bytes.fromhex("a41c 06082b06010401820001 4004c0000201 020106")
    + bytes(9)
)

YES: list[Flow] = [
    (GET, b""),
    (GET, GET[:13] + b"\xa2" + GET[14:]),
    (b"", GET[:13] + b"\xa2" + GET[14:]),
    (DISCOVER, b""),
    (TRAP, b""),
    (GET[:24], b""),  # cut by the snap length
]
NO: list[Flow] = [
    (b"", b""),
    (GET + b"\x00", b""),  # more than the message says
    (GET[:4] + b"\x02" + GET[5:], b""),  # version 2 was never in use
    (GET[:5] + b"\x30" + GET[6:], b""),
    (GET[:13] + b"\xa9" + GET[14:], b""),
    (GET[:14] + b"\x1d" + GET[15:], b""),  # the PDU is longer than the message
    (GET[:12], b""),
    (bytes.fromhex("300c020101600702010304008000"), b""),  # LDAP
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 161)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("snmp", client, server, proto=17, port=161)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("snmp", client, server, proto=17, port=161)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("snmp", *YES[0], proto=6, port=161)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("snmp", YES, proto=17, port=161)


def test_any_bytes_survive() -> None:
    survives_anything("snmp", YES, proto=17, port=161)
