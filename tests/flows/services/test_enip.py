import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

# The CIP Networks Library, volume 2, section 2-3.1: command with the lower byte first, length, session, status, 8 bytes
# of the sender's, options. 65: register a session, with version 1 and options 0; 63: list identity.
REGISTER = bytes.fromhex("6500040000000000000000000000000000000000000000000100 0000")
LIST = bytes.fromhex("630000000000000000000000c1debed10000000000000000")

YES: list[Flow] = [
    (REGISTER, REGISTER[:4] + b"\x09" + REGISTER[5:]),
    (LIST, b""),
    (b"", REGISTER + bytes.fromhex("6f001000") + bytes(20)),
]
NO: list[Flow] = [
    (b"", b""),
    (LIST[:-1], b""),
    (REGISTER[:2] + b"\x06" + REGISTER[3:] + b"\0\0", b""),
    (LIST[:20] + b"\x01" + LIST[21:], b""),
    (LIST[:8] + b"\x77" + LIST[9:], b""),
    (b"\x05" + LIST[1:], b""),
    (REGISTER + b"GET / HTTP/1.1", b""),
    (b"\x6f\x00\x02\x00" + bytes(22), b""),  # data without an interface
    (b"\x66\x00\x02\x00" + bytes(22), b""),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 44818)


@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(client: bytes, server: bytes) -> None:
    assert speaks("enip", client, server, proto=6, port=44818)


@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(client: bytes, server: bytes) -> None:
    assert not speaks("enip", client, server, proto=6, port=44818)


def test_over_udp_it_fills_the_datagram() -> None:
    assert speaks("enip", LIST, proto=17, port=44818)
    assert not speaks("enip", LIST + b"\0", proto=17, port=44818)


def test_it_may_be_cut_anywhere() -> None:
    survives_cuts("enip", YES, proto=6, port=44818)


def test_any_bytes_survive() -> None:
    survives_anything("enip", YES, proto=6, port=44818)
