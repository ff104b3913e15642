import numpy as np
import pytest

from redshank.flows.parquet.codes import TRIES, code, forget
from redshank.flows.parquet.columns import COLUMN, MOST, START_SLOTS


class Dictionary:
    """A dictionary of 64-bit numbers with its memory."""

    def __init__(self) -> None:
        self.column = np.zeros(1, COLUMN)[0]
        self.column["mask"] = START_SLOTS - 1
        self.entries, self.slots = np.zeros(MOST, np.uint64), np.zeros(2 * MOST, np.uint16)

    def code(self, values: np.ndarray, share: int = 8) -> list[int] | None:
        codes, every = np.zeros(len(values), np.uint16), np.arange(len(values), dtype=np.uint32)
        firsts = np.zeros(MOST, np.uint32)
        pays = code(values, every, len(values), self.column, share, self.entries, firsts, self.slots, codes)
        self.column["values"] += len(values)
        return codes.tolist() if pays else None


def test_a_value_has_the_code_of_its_first_time() -> None:
    dictionary = Dictionary()
    assert dictionary.code(np.array([7, 0, 7, 2**64 - 1, 0], np.uint64)) == [0, 1, 0, 2, 1]
    assert dictionary.code(np.array([5, 2**64 - 1], np.uint64)) == [3, 2]
    assert dictionary.entries[: dictionary.column["distinct"]].tolist() == [7, 0, 2**64 - 1, 5]


def test_as_many_values_fit_as_are_said_to() -> None:
    dictionary = Dictionary()
    values = np.random.default_rng(1).permutation(MOST).astype(np.uint64) << np.uint64(20)
    assert dictionary.code(values) == list(range(MOST))
    assert dictionary.code(values[::-1].copy()) == list(range(MOST))[::-1]
    assert dictionary.code(np.array([1], np.uint64)) is None


def test_what_is_new_too_often_does_not_pay() -> None:
    values = np.arange(4_000, dtype=np.uint64)
    assert Dictionary().code(values, share=4) is None
    assert Dictionary().code(values % np.uint64(900), share=4) is not None


def test_values_that_collide_end_the_dictionary_and_not_the_writer() -> None:
    factor = 0x9E3779B97F4A7C15
    colliding = [k * pow(factor, -1, 2**64) % 2**64 for k in range(2 * TRIES)]  # the product's high bits are all 0
    assert Dictionary().code(np.array(colliding, np.uint64)) is None


@pytest.mark.parametrize("count", [3, 3_000])
def test_a_dictionary_is_empty_once_it_is_forgotten(count: int) -> None:
    dictionary = Dictionary()
    dictionary.code(np.arange(count, dtype=np.uint64))
    forget(dictionary.column, dictionary.slots)
    assert not dictionary.slots.any()
    assert (dictionary.column["distinct"], dictionary.column["mask"]) == (0, START_SLOTS - 1)
