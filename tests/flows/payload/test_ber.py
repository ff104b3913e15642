import numpy as np
import pytest

from redshank.flows.payload.ber import content, integer


def found(text: str) -> tuple[int, int]:
    data = np.frombuffer(bytes.fromhex(text) + bytes(4), np.uint8).copy()
    return content(data, 0, len(data) - 4)


@pytest.mark.parametrize(
    ("text", "start", "stop"),
    [
        ("0400", 2, 2),
        ("047f", 2, 129),
        ("048180", 3, 131),  # X.690, section 8.1.3.5: the long form
        ("0482 0001", 4, 5),
        ("0484 00000100", 6, 262),
        ("04", -1, -1),
        ("0480", -1, -1),  # an indefinite length
        ("0485 0000000001", -1, -1),
        ("0482 00", -1, -1),
        ("1f01 00", -1, -1),  # a tag of several bytes
    ],
)
def test_the_length_says_where_content_ends(text: str, start: int, stop: int) -> None:
    assert found(text) == (start, stop)


@pytest.mark.parametrize(
    ("text", "value", "stop"),
    [("020105", 5, 3), ("0201ff", -1, 3), ("02020100", 256, 4), ("0400", 0, -1), ("0200", 0, -1), ("020201", 0, -1)],
)
def test_numbers_have_a_sign(text: str, value: int, stop: int) -> None:
    data = np.frombuffer(bytes.fromhex(text), np.uint8).copy()
    assert integer(data, 0, len(data)) == (value, stop)
