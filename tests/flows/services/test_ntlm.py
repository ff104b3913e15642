import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts


# RFC 4511, section 4.2: a bind with SASL; its credentials hold a token.
def bind(token: bytes) -> bytes:
    sasl = b"\x04\x0aGSS-SPNEGO\x04" + bytes([len(token)]) + token
    request = bytes.fromhex("020103 0400 a3") + bytes([len(sasl)]) + sasl
    message = bytes.fromhex("020101 60") + bytes([len(request)]) + request
    return b"\x30" + bytes([len(message)]) + message


# MS-NLMP, section 2.2.1.1: signature, kind 1 with the lower byte first, flags.
NEGOTIATE = b"NTLMSSP\x00\x01\x00\x00\x00\x97\x82\x08\xe2" + bytes(16)

YES: list[Flow] = [
    (bind(NEGOTIATE), b""),
    (b"", b"\x00\x00\x00\x66\xffSMB" + bytes(60) + NEGOTIATE),
]
NO: list[Flow] = [
    (b"", b""),
    (NEGOTIATE, b""),
    (bind(NEGOTIATE[:10]), b""),
    (bind(NEGOTIATE[:8] + b"\x04" + NEGOTIATE[9:]), b""),
    (b"HTTP/1.1 200 OK\r\n\r\n" + NEGOTIATE, b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 389)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("ntlm", client, server, proto=6, port=389)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("ntlm", client, server, proto=6, port=389)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("ntlm", *YES[0], proto=17, port=389)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("ntlm", YES, proto=6, port=389)


def test_any_bytes_survive() -> None:
    survives_anything("ntlm", YES, proto=6, port=389)
