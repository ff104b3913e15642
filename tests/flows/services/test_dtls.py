import pytest

from hellos import client_hello, server_hello, server_name
from payloads import Flow, fields_of, speaks, survives_anything, survives_cuts


# RFC 6347, sections 4.1 and 4.2.2: handshake (22), DTLS 1.2 (FE FD), epoch 0 and number, length; ClientHello (1), its
# length, number of the message, offset and length of the fragment.
def record(kind: int, body: bytes, version: bytes = b"\xfe\xfd", epoch: int = 0) -> bytes:
    size = len(body).to_bytes(3, "big")
    message = bytes([kind]) + size + b"\x00\x00" + b"\x00\x00\x00" + size + body
    return b"\x16" + version + epoch.to_bytes(2, "big") + bytes(6) + len(message).to_bytes(2, "big") + message


HELLO = record(1, b"\xfe\xfd" + bytes(40))

YES: list[Flow] = [
    (HELLO, record(3, b"\xfe\xff\x04" + bytes(4), b"\xfe\xff")),
    (HELLO, b""),
    (b"", record(2, b"\xfe\xfd" + bytes(40))),
]
NO: list[Flow] = [
    (b"", b""),
    (HELLO[:20], b""),
    (record(1, bytes(40), b"\x03\x03"), b""),
    (record(1, bytes(40), epoch=1), b""),
    (record(11, bytes(40)), b""),
    (HELLO[:14] + b"\x00\x00\x01" + HELLO[17:], b""),  # the fragment is longer than the message
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 17, 5684)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("dtls", client, server, proto=17, port=5684)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("dtls", client, server, proto=17, port=5684)


def test_it_is_not_looked_for_in_the_other_transport() -> None:
    assert not speaks("dtls", *YES[0], proto=6, port=5684)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("dtls", YES, proto=17, port=5684)


def test_any_bytes_survive() -> None:
    survives_anything("dtls", YES, proto=17, port=5684)


def test_hellos_are_read() -> None:
    hello = client_hello([0xC02B], [server_name(b"lamp.example")], cookie=b"", version=0xFEFD)
    answer = server_hello(0xC02B, version=0xFEFD)
    read = fields_of("dtls", record(1, hello[4:]), record(2, answer[4:]), proto=17, port=5684)
    assert read.pop("ssl_ja4").startswith("dd2d010100_")
    assert len(read.pop("ssl_ja3")) == 32
    assert read == {
        "ssl_server_name": "lamp.example",
        "ssl_version": "DTLSv12",
        "ssl_cipher": "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    }


def test_a_hello_in_pieces_is_not_read() -> None:
    whole = record(1, client_hello(cookie=b"", version=0xFEFD)[4:])
    assert fields_of("dtls", whole[:14] + b"\x00\x01\x00" + whole[17:], b"", proto=17, port=5684) == {}
    assert "ssl_ja3" in fields_of("dtls", whole, b"", proto=17, port=5684)
