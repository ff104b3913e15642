import numpy as np
import numpy.typing as npt
import pytest

from redshank.flows.payload.quic_packets import HANDSHAKE, INITIAL, RETRY, V2, ZERO_RTT, header, packet_type, variable


def array(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(text), np.uint8)


def test_a_long_header_names_version_and_ids() -> None:
    data = array("c0 00000001 04 aabbccdd 02 eeff 00")
    assert header(data, 0, len(data)) == (1, 6, 10, 11, 13)


@pytest.mark.parametrize(
    "text",
    [
        "40 00000001 04 aabbccdd 02 eeff",
        "c0 00000003 04 aabbccdd 02 eeff",
        "c0 00000001 15" + "aa" * 21 + "00",
        "c0 00000001 02 aaaa 15" + "bb" * 21,
        "c0 00000001 04 aabbccdd 03 eeff",
        "c0 00000001 04 aabbccdd",
        "c0 00000001",
    ],
)
def test_what_is_none_has_no_version(text: str) -> None:
    data = array(text)
    assert header(data, 0, len(data))[0] == -1


def test_types_are_turned_in_version_2() -> None:
    for version, firsts in ((1, (0xC0, 0xD0, 0xE0, 0xF0)), (V2, (0xD0, 0xE0, 0xF0, 0xC0))):
        kinds = [packet_type(np.array([first], np.uint8), 0, version) for first in firsts]
        assert kinds == [INITIAL, ZERO_RTT, HANDSHAKE, RETRY]


@pytest.mark.parametrize(
    ("text", "value", "size"),
    [  # RFC 9000, appendix A.1
        ("c2197c5eff14e88c", 151288809941952652, 8),
        ("9d7f3e7d", 494878333, 4),
        ("7bbd", 15293, 2),
        ("25", 37, 1),
        ("4025", 37, 2),
    ],
)
def test_numbers_have_variable_length(text: str, value: int, size: int) -> None:
    data = array(text)
    assert variable(data, 0, len(data)) == (value, size)
    assert variable(data, 0, size - 1) == (-1, size - 1)
