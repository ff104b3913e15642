import numpy as np

from redshank.flows.metering.history import CHECKSUM, DATA_BIT, add, flipped, once, scaled
from redshank.flows.metering.table import HISTORY, ROW


def _text(row: np.ndarray) -> str:
    return bytes(row["history"][0][: row["history_length"][0]]).decode()


def test_letters_are_written_once_per_side() -> None:
    row = np.zeros(1, ROW)
    assert [once(row[0], DATA_BIT, 68, side) for side in (0, 0, 1, 1)] == [False, True, False, True]
    assert _text(row) == "Dd"


def test_counted_letters_come_at_powers_of_ten() -> None:
    row = np.zeros(1, ROW)
    for count in range(1, 1001):
        scaled(row[0], count, CHECKSUM, 1)
    assert _text(row) == "cccc"


def test_what_was_written_is_remembered_for_the_other_side_after_a_flip() -> None:
    row = np.zeros(1, ROW)
    once(row[0], DATA_BIT, 68, 0)
    flipped(row[0])
    assert once(row[0], DATA_BIT, 68, 1)
    assert _text(row) == "D^"


def test_the_history_is_bounded() -> None:
    row = np.zeros(1, ROW)
    for _ in range(HISTORY + 5):
        add(row[0], 83, 0)
    flipped(row[0])
    assert _text(row) == "S" * HISTORY
