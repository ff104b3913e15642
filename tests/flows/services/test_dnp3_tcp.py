"""DNP3 over both transports: the same header, the same port."""

import pytest

from payloads import Flow, speaks, survives_anything, survives_cuts

BOTH = pytest.mark.parametrize(("name", "proto"), [("dnp3_tcp", 6), ("dnp3_udp", 17)])

# IEEE 1815, section 9.2: start, length, control, destination and source with the lower byte first, CRC of these. The
# first is the one that the DNP Users Group prints in AN2013-004b, the second has a CRC of the same making.
MASTER, OUTSTATION = bytes.fromhex("056405f20100efffbfb5"), bytes.fromhex("05640a4400040100595e")

YES: list[Flow] = [
    (MASTER + b"\xc0\xc3\x01", b""),
    (b"", OUTSTATION),
    (MASTER, OUTSTATION),
]
NO: list[Flow] = [
    (b"", b""),
    (MASTER[:-1], b""),
    (MASTER[:-1] + bytes([MASTER[-1] ^ 1]), b""),
    (MASTER[:2] + b"\x04" + MASTER[3:], b""),
    (b"\x06" + MASTER[1:], OUTSTATION[:5]),
]


def example() -> tuple[bytes, bytes, int, int]:
    """Return the first bytes of a client and a server, the IP protocol and the port."""
    return (*YES[0], 6, 20000)


@BOTH
@pytest.mark.parametrize(("client", "server"), YES)
def test_what_it_says_is_recognized(name: str, proto: int, client: bytes, server: bytes) -> None:
    assert speaks(name, client, server, proto=proto, port=20000)


@BOTH
@pytest.mark.parametrize(("client", "server"), NO)
def test_what_is_only_like_it_is_not(name: str, proto: int, client: bytes, server: bytes) -> None:
    assert not speaks(name, client, server, proto=proto, port=20000)


@BOTH
def test_it_is_not_looked_for_in_the_other_transport(name: str, proto: int) -> None:
    assert not speaks(name, *YES[0], proto=23 - proto, port=20000)


@BOTH
def test_it_may_be_cut_anywhere(name: str, proto: int) -> None:
    survives_cuts(name, YES, proto=proto, port=20000)


@BOTH
def test_any_bytes_survive(name: str, proto: int) -> None:
    survives_anything(name, YES, proto=proto, port=20000)
