import numpy as np
import pytest

from hellos import client_hello, extension, protocols, server_name
from redshank.flows.payload.tls_client import ALPN, CODES, HELD, NAME, ROOM, read_client

TLS, DTLS = ord("t"), ord("d")


def read(hello: bytes, letter: int = TLS) -> tuple[dict[int, bytes], tuple[int, ...]]:
    data = np.frombuffer(hello + b"\xff" * 64, np.uint8)
    row, spans = np.full(ROOM, 33, np.uint8), np.full(18, -1, np.int64)
    place, *rest = read_client(data, len(hello), letter, row, spans, np.zeros(CODES, np.int64))
    assert HELD <= place <= ROOM - 1024
    assert (row[:HELD] == 33).all()
    texts = {
        k: row[start:stop].tobytes() for k, (start, stop) in enumerate(spans.reshape(-1, 2).tolist()) if start >= 0
    }
    return texts, tuple(rest)


def test_name_and_first_protocol_are_read() -> None:
    texts, _ = read(
        client_hello(extensions=[extension(23), server_name(b"lamp.example"), protocols(b"h2", b"http/1.1")])
    )
    assert (texts[NAME], texts[ALPN]) == (b"lamp.example", b"h2")


def test_session_ticket_and_key_are_told() -> None:
    _, rest = read(client_hello(session=b"s" * 32, extensions=[extension(35, b"ticket"), extension(41, b"key")]))
    assert rest == (39, 32, 1, 1)
    _, rest = read(client_hello(extensions=[extension(35)]))
    assert rest == (39, 0, 0, 0)


def test_a_hello_of_datagrams_has_a_longer_head_and_a_cookie() -> None:
    hello = client_hello(extensions=[server_name(b"x.example")], cookie=b"12345", version=0xFEFD)
    hello = hello[:4] + bytes(8) + hello[4:]
    assert read(hello, DTLS)[0][NAME] == b"x.example"


def test_of_a_cut_hello_there_is_no_fingerprint_but_what_is_there_is_read() -> None:
    whole = client_hello(extensions=[server_name(b"lamp.example"), extension(10, bytes(20))])
    assert set(read(whole)[0]) == {0, 2, 3}
    assert read(whole[:-1])[0] == {NAME: b"lamp.example"}
    assert read(whole[:60])[0] == {}
    assert read(whole[:30]) == ({}, (0, 0, 0, 0))


def test_a_hello_without_extensions_has_a_fingerprint() -> None:
    hello = client_hello(suites=[4, 5], version=0x0301)
    assert read(hello[:1] + (len(hello) - 6).to_bytes(3) + hello[4:-2])[0][2] == b"769,4-5,,,"


@pytest.mark.parametrize("name", [b"", b"x" * 300])
def test_a_name_has_bounds(name: bytes) -> None:
    texts, _ = read(client_hello(extensions=[server_name(name)]))
    assert texts.get(NAME, b"") == name[:255]


def test_lengths_that_lie_do_not_lead_outside() -> None:
    hello = bytearray(client_hello(extensions=[server_name(b"lamp.example"), protocols(b"h2")], session=b"s" * 8))
    for at in range(4, len(hello)):
        for value in (0, 1, 127, 255):
            changed = bytes(hello[:at]) + bytes([value]) + bytes(hello[at + 1 :])
            read(changed)
            read(changed, DTLS)
