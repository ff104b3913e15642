import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts


# RFC 4511, section 4.2: a bind with SASL; its credentials hold a token.
def bind(token: bytes) -> bytes:
    sasl = b"\x04\x0aGSS-SPNEGO\x04" + bytes([len(token)]) + token
    request = bytes.fromhex("020103 0400 a3") + bytes([len(sasl)]) + sasl
    message = bytes.fromhex("020101 60") + bytes([len(request)]) + request
    return b"\x30" + bytes([len(message)]) + message


# RFC 4178, section 4.2 and RFC 2743, section 3.1: the identifier 1.3.6.1.5.5.2 in a token of APPLICATION 0.
SPNEGO = bytes.fromhex("601c 06062b0601050502 a012 3010 a00e 300c 060a 2b06010401823702020a")

YES: list[Flow] = [
    (bind(SPNEGO), b""),
    (b"\x00\x00\x00\x66\xfeSMB" + bytes(60) + SPNEGO, b""),  # SMB, MS-SMB2 section 2.2.5
    (b"", b"\x05\x00\x0c\x03\x10\x00\x00\x00\x60\x00\x20\x00\x01\x00\x00\x00" + bytes(32) + SPNEGO),  # DCE/RPC
]
NO: list[Flow] = [
    (b"", b""),
    (SPNEGO, b""),  # a token that nothing carries
    (bind(SPNEGO[:8]), b""),
    (b"GET / HTTP/1.1\r\n\r\n" + SPNEGO, b""),
    (bind(bytes.fromhex("06092a864886f71201020201006e03020105")), b""),  # Kerberos' identifier, but no ticket
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 389)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("gssapi", client, server, proto=6, port=389)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("gssapi", client, server, proto=6, port=389)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("gssapi", *YES[0], proto=17, port=389)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("gssapi", YES, proto=6, port=389)


def test_any_bytes_survive() -> None:
    survives_anything("gssapi", YES, proto=6, port=389)
