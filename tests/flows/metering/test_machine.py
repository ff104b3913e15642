import numpy as np
import pytest

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.machine import add_square, array_of, copy, prefetch, product, scaled_variance

_PAIR = np.dtype([("one", "u2"), ("other", "i8")], align=True)
_WHERE = np.dtype([("pairs", "i8"), ("pairs_length", "i8")])
_pairs = array_of("pairs", _PAIR)


@lean_kernel
def _square(low: int, high: int, value: int) -> tuple[int, int]:
    low, high = add_square(np.uint64(low), np.uint64(high), np.uint64(value))
    return low, high


@lean_kernel
def _variance(count: int, total: int, low: int, high: int) -> tuple[int, int]:
    low, high = scaled_variance(np.uint64(count), np.uint64(total), np.uint64(low), np.uint64(high))
    return low, high


@lean_kernel
def _product(one: int, other: int) -> tuple[int, int]:
    low, high = product(np.uint64(one), np.uint64(other))
    return low, high


@lean_kernel
def _copied(target: np.ndarray, at: int, source: np.ndarray, start: int, length: int) -> None:
    prefetch(source, 1 << 40, 0)
    copy(target, at, source, start, length)


@lean_kernel
def _swapped(where: np.void, index: int) -> int:
    pair = _pairs(where)[index]
    pair.other += pair.one
    return len(_pairs(where))


@pytest.mark.parametrize("value", [0, 3, 2**32 + 1, 2**63])
def test_squares_are_added_in_128_bits(value: int) -> None:
    low, high = _square(2**64 - 1, 5, value)
    assert int(low) % 2**64 + (int(high) % 2**64 << 64) == (2**64 - 1 + (5 << 64) + value * value) % 2**128


def test_a_variance_times_the_square_of_the_count_is_whole() -> None:
    values = [10**9, 10**9 + 1, 3 * 10**11]
    squares = sum(value * value for value in values)
    low, high = _variance(3, sum(values), squares % 2**64, squares >> 64)
    assert int(low) % 2**64 + (int(high) % 2**64 << 64) == 3 * squares - sum(values) ** 2


def test_a_product_has_128_bits() -> None:
    low, high = _product(2**64 - 1, 2**63 + 5)
    assert int(low) % 2**64 + (int(high) % 2**64 << 64) == (2**64 - 1) * (2**63 + 5)


def test_bytes_are_copied_from_place_to_place_and_any_address_may_be_asked_for() -> None:
    target = np.zeros(8, np.uint8)
    _copied(target, 2, np.arange(10, dtype=np.uint8), 5, 3)
    assert target.tolist() == [0, 0, 5, 6, 7, 0, 0, 0]


def test_an_array_is_found_by_the_address_in_a_record() -> None:
    pairs, where = np.zeros(3, _PAIR), np.zeros(1, _WHERE)[0]
    pairs["one"] = 1, 2, 3
    where["pairs"], where["pairs_length"] = pairs.ctypes.data, len(pairs)
    assert _swapped(where, 1) == 3
    assert pairs["other"].tolist() == [0, 2, 0]
