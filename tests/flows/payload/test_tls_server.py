import numpy as np

from hellos import CERTIFICATE, certificates, extension, message, numbers, protocols, server_hello, sized
from redshank.flows.payload.tls_client import ALPN, HELD, ROOM
from redshank.flows.payload.tls_server import GROUP, ISSUER, SUBJECT, SUITE, VERSION, read_server

NAME = CERTIFICATE.index(bytes.fromhex("307a310b"))


def read(messages: bytes) -> tuple[dict[int, int], dict[int, bytes], tuple[int, int, int]]:
    """Return version, suite and group; the texts; and what is returned."""
    data = np.frombuffer(messages + b"\xff" * 64, np.uint8)
    row, spans = np.zeros(ROOM, np.uint8), np.full(18, -1, np.int64)
    rest = read_server(data, len(messages), row, spans, HELD + 5)
    texts = {
        k: row[start:stop].tobytes() for k, (start, stop) in enumerate(spans.reshape(-1, 2).tolist()) if start >= 0
    }
    found = {k: int.from_bytes(texts.pop(k)) for k in (VERSION, SUITE, GROUP) if k in texts}
    return found, texts, rest


def test_a_hello_says_what_was_agreed() -> None:
    hello = server_hello(0xC02F, [protocols(b"http/1.1")], session=b"abcd")
    assert read(hello) == ({VERSION: 0x0303, SUITE: 0xC02F}, {ALPN: b"http/1.1"}, (39, 4, 0))


def test_newer_versions_say_it_in_extensions() -> None:
    extensions = [extension(51, b"\x00\x1d" + sized(bytes(32), 2)), extension(43, b"\x03\x04"), extension(41, b"\0\0")]
    found, _, (_, _, taken) = read(server_hello(0x1302, extensions))
    assert found == {VERSION: 0x0304, SUITE: 0x1302, GROUP: 29}
    assert taken == 1


def test_the_last_hello_counts() -> None:
    first = server_hello(0x1301, [extension(51, b"\x00\x17")])
    assert read(first + server_hello(0x1302, [extension(51, b"\x00\x18\x00\x01x")]))[0][GROUP] == 24


def test_the_first_certificate_names_its_owner() -> None:
    _, texts, _ = read(server_hello() + certificates(CERTIFICATE, CERTIFICATE[:50]))
    assert texts[SUBJECT] == texts[ISSUER] == CERTIFICATE[NAME : NAME + 124]


def test_a_certificate_that_was_cut_names_what_is_there() -> None:
    whole = server_hello() + certificates(CERTIFICATE)
    assert set(read(whole[: -len(CERTIFICATE) + 200])[1]) == {ISSUER}


def test_a_named_curve_comes_with_a_point() -> None:
    for curve, point in ((23, b"\x04" + bytes(64)), (29, bytes(32)), (30, bytes(56))):
        body = b"\x03" + numbers([curve]) + sized(point, 1) + bytes(70)
        assert read(server_hello() + message(12, body))[0][GROUP] == curve
    other = b"\x03\x00\xff\x10" + bytes(768)  # the length of a prime, and a prime
    assert GROUP not in read(server_hello() + message(12, other))[0]


def test_lengths_that_lie_do_not_lead_outside() -> None:
    messages = server_hello(extensions=[protocols(b"h2")], session=b"abcd") + certificates(CERTIFICATE)
    for at in range(120):
        for value in (0, 1, 127, 255):
            read(messages[:at] + bytes([value]) + messages[at + 1 :])


def test_what_is_said_over_and_over_takes_no_more_room() -> None:
    hello = server_hello(extensions=[protocols(b"p" * 60)] * 50)
    half = certificates(CERTIFICATE)[: 4 + 6 + NAME + 124]
    cut = half[:1] + (len(half) - 4).to_bytes(3) + half[4:]  # a certificate that ends behind its issuer
    data = np.frombuffer(hello + cut * 4, np.uint8)
    row, spans = np.zeros(ROOM, np.uint8), np.full(18, -1, np.int64)
    read_server(data, len(data), row, spans, HELD)
    assert spans.max() <= HELD + 512
    assert row[spans[2 * ALPN] : spans[2 * ALPN + 1]].tobytes() == b"p" * 60
