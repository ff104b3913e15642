import numpy as np
import pytest

from redshank.core.kernel import lean_kernel
from redshank.flows.parquet.memory import Number, Octets, Places, array_at, get, lowest, number_at, put, put_4

_numbers = array_at("u4")


@lean_kernel
def _sum(address: Number, length: Number) -> Number:
    total = np.int64(0)
    for number in _numbers(address, length):
        total += np.int64(number)
    return total


@lean_kernel
def _moved(octets: Octets, start: Number, to: Number) -> Number:
    word = get(octets, start)
    put(octets, to, word)
    put_4(octets, to + 8, word)
    return word


@lean_kernel
def _bit(word: Number) -> Number:
    return lowest(np.uint64(word))


@lean_kernel
def _difference(values: Places) -> Number:
    return number_at(values, 0) - number_at(values, 1)


def test_an_array_is_found_by_its_address_wherever_it_lies() -> None:
    octets = np.frombuffer(b"\0" + np.array([1, 2, 2**32 - 1], np.uint32).tobytes(), np.uint8).copy()
    assert _sum(octets.ctypes.data + 1, 3) == 2 + 2**32
    assert _sum(octets.ctypes.data + 1, 0) == 0


def test_words_are_taken_and_set_at_any_byte() -> None:
    octets = np.arange(24, dtype=np.uint8)
    assert _moved(octets, 1, 11) == int.from_bytes(bytes(range(1, 9)), "little")
    assert octets.tolist() == [*range(11), *range(1, 9), *range(1, 5), 23]


@pytest.mark.parametrize("bit", [0, 5, 63])
def test_the_lowest_bit_is_found(bit: int) -> None:
    assert _bit(1 << bit | 1 << 63) == bit


def test_unsigned_numbers_may_be_subtracted() -> None:
    assert _difference(np.array([1, 3], np.uint32)) == -2
