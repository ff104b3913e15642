import numpy as np
import numpy.typing as npt
import pytest

from hellos import client_hello, message, server_name
from quic_datagrams import initial
from redshank.flows.payload.quic_initial import NUMBERS, SPACE, handshake
from redshank.flows.payload.quic_packets import V2

TARGET = bytes.fromhex("8394c8f03e515708")
# RFC 9001, appendix A.3: the server's first packet, and the hello in it.
ANSWER = bytes.fromhex(
    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf7"
    "3c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f"
    "58891850abbdca3d20398c276456cbc42158407dd074ee"
)
HELLO = bytes.fromhex(
    "020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c940d"
    "89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304"
)
CLIENT = bytes.fromhex("c000000001") + b"\x08" + TARGET + b"\x00" + bytes(1184)


def opened(datagram: bytes, first: bytes, *, server: bool) -> bytes:
    data: npt.NDArray[np.uint8] = np.frombuffer(datagram + first + b"\xff" * 32, np.uint8).copy()
    out = np.zeros(4096, np.uint8)
    space, work = np.full(SPACE, 77, np.uint8), np.zeros(NUMBERS, np.int64)
    at, end = len(datagram), len(datagram) + len(first)
    return out[: handshake(data, 0, len(datagram), at, end, server, out, space, work)].tobytes()


def test_the_example_of_the_standard_is_opened() -> None:
    assert opened(ANSWER, CLIENT, server=True) == HELLO


@pytest.mark.parametrize("version", [1, 0xFF00001D, V2])
def test_what_a_client_sealed_is_opened(version: int) -> None:
    hello = client_hello(extensions=[server_name(b"lamp.example")])
    datagram = initial(TARGET, b"\x06\x00" + (0x4000 | len(hello)).to_bytes(2) + hello, version=version)
    assert opened(datagram, datagram, server=False) == hello


def test_pieces_come_in_any_order_among_other_frames() -> None:
    hello = message(1, bytes(range(100)))
    pieces = [b"\x06" + bytes([at, 26]) + hello[at : at + 26] for at in (52, 0, 26)]
    frames = (
        b"\x01"
        + pieces[0]
        + bytes(9)
        + b"\x02\x05\x01\x01\x00\x02\x03"
        + pieces[1]
        + b"\x03\x01\x01\x00\x00\x01\x02\x03"
    )
    datagram = initial(TARGET, frames + pieces[2])
    assert opened(datagram, datagram, server=False) == hello[:78]
    datagram = initial(TARGET, pieces[0])
    assert opened(datagram, datagram, server=False) == b""


def test_packets_that_share_a_datagram_are_all_opened() -> None:
    hello = message(1, bytes(60))
    parts = [b"\x06\x00\x20" + hello[:32], b"\x06\x20\x20" + hello[32:]]
    datagram = b"".join(initial(TARGET, part, number=k) for k, part in enumerate(parts))
    assert opened(datagram, datagram, server=False) == hello


@pytest.mark.parametrize("length", [0, 1, 6, 20, 23, 30, 44, 60])
def test_a_datagram_that_was_cut_gives_what_is_there(length: int) -> None:
    hello = client_hello(extensions=[server_name(b"lamp.example")])
    datagram = initial(TARGET, b"\x06\x00" + (0x4000 | len(hello)).to_bytes(2) + hello)
    assert hello.startswith(opened(datagram[:length], datagram, server=False))


def test_any_bytes_survive() -> None:
    random = np.random.default_rng(5)
    hello = client_hello(extensions=[server_name(b"lamp.example")])
    for _ in range(300):
        frames = bytearray(b"\x02\x05\x01\x01\x00\x02\x03\x06\x00" + (0x4000 | len(hello)).to_bytes(2) + hello)
        for _ in range(int(random.integers(0, 4))):
            frames[random.integers(len(frames))] = int(random.integers(256))
        datagram = bytearray(initial(TARGET, bytes(frames)))
        for _ in range(int(random.integers(0, 3))):
            datagram[random.integers(30)] = int(random.integers(256))
        opened(bytes(datagram), bytes(datagram), server=bool(random.integers(2)))
