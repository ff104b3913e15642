import numpy as np
import pytest

from redshank.flows.parquet.levels import all_levels, bit_levels, is_there, places_of, take_bits


@pytest.mark.parametrize("offset", [0, 1, 7, 8, 13])
@pytest.mark.parametrize("count", [1, 8, 63, 64, 65, 200])
def test_bits_are_taken_from_any_place(offset: int, count: int) -> None:
    there = np.random.default_rng(count).random(offset + count) < 0.5
    bits = np.packbits(there, bitorder="little")
    words, at = np.zeros(8, np.uint64), np.zeros(256, np.uint32)
    take_bits(bits, offset, count, words)
    assert take_bits(bits, offset, count, words)  # the same again
    found = places_of(words, count, at)
    assert at[:found].tolist() == np.flatnonzero(there[offset:]).tolist()
    out = np.zeros(64, np.uint8)
    size = bit_levels(out, words, count)
    groups = (count + 7) // 8
    wanted = np.packbits(there[offset:], bitorder="little").tobytes()
    assert out[4:size].tobytes() == bytes([groups << 1 | 1]) + wanted
    assert int.from_bytes(out[:4].tobytes(), "little") == size - 4


def test_other_bits_are_told_from_those_before() -> None:
    words = np.zeros(2, np.uint64)
    assert not take_bits(np.array([0b101], np.uint8), 0, 3, words)
    assert take_bits(np.array([0b11101], np.uint8), 0, 3, words)  # what lies behind the last bit does not count
    assert not take_bits(np.array([0b100], np.uint8), 0, 3, words)


def test_levels_that_are_all_the_same_are_one_run() -> None:
    out = np.zeros(16, np.uint8)
    size = all_levels(out, 4_096, 1)
    assert out[:size].tobytes() == bytes([3, 0, 0, 0, 0x80, 0x40, 1])


def test_without_bits_everything_is_there() -> None:
    assert is_there(np.zeros(0, np.uint8), 70)
    assert is_there(np.array([0, 2], np.uint8), 9)
    assert not is_there(np.array([0, 2], np.uint8), 8)
