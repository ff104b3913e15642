import numpy as np
import pytest

from redshank.flows.payload.inner import is_frame, is_ip

IPV4, IPV6 = b"\x45\x00\x00\x1c" + bytes(24), b"\x60\0\0\0\x00\x04" + bytes(38)
ETHERNET = bytes(12)


def array(payload: bytes) -> np.ndarray:
    return np.frombuffer(payload + bytes(64), np.uint8).copy()


@pytest.mark.parametrize(
    ("payload", "is_packet"),
    [
        (IPV4, True),
        (IPV4 + b"padding", True),
        (IPV4[:27], False),
        (b"\x44" + IPV4[1:], False),
        (b"\x45\x00\x00\x13" + bytes(24), False),
        (IPV6, True),
        (IPV6[:43], False),
        (b"\x50" + IPV4[1:], False),
        (b"", False),
    ],
)
def test_an_ip_packet_has_a_version_and_a_length(payload: bytes, *, is_packet: bool) -> None:
    assert is_ip(array(payload), 0, len(payload)) is is_packet


@pytest.mark.parametrize(
    ("payload", "may_be"),
    [
        (ETHERNET + b"\x08\x00" + IPV4, True),
        (ETHERNET + b"\x08\x00" + IPV6[:40], False),
        (ETHERNET + b"\x86\xdd" + IPV6, True),
        (ETHERNET + b"\x08\x06" + bytes(28), True),
        (ETHERNET + b"\x81\x00" + bytes(4), True),
        (ETHERNET + b"\x00\x26" + bytes(46), True),  # IEEE 802.3 with a length, as spanning trees have it
        (ETHERNET + b"\x00\x26" + bytes(30), False),
        (ETHERNET + b"\x12\x34" + bytes(46), False),
        (ETHERNET, False),
    ],
)
def test_a_frame_has_a_type_in_use(payload: bytes, *, may_be: bool) -> None:
    assert is_frame(array(payload), 0, len(payload)) is may_be
