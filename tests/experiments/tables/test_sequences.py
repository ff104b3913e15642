from pathlib import Path

import numpy as np

from redshank.experiments.tables.sequences import Sequences, aggregated, averaged, shuffled
from redshank.features.feature_set import Column


def example(place: Path) -> Sequences:
    del place
    return Sequences()


WINDOWS = np.array([[[2, 1.0], [3, np.nan], [2, 5.0]], [[0, np.nan], [0, np.nan], [3, 7.0]]], dtype=np.float32)
COLUMNS = (Column("proto", "category", ("tcp", "udp")), Column("bytes", "bytes"))


def test_shuffling_keeps_what_is_in_a_window_and_repeats_itself_for_a_seed() -> None:
    x, columns, steps = shuffled(WINDOWS, COLUMNS, 1)
    assert (columns, steps) == (COLUMNS, 3)
    assert np.array_equal(np.sort(x.reshape(2, 3, 2), axis=1), np.sort(WINDOWS, axis=1), equal_nan=True)
    assert np.array_equal(x, shuffled(WINDOWS, COLUMNS, 1)[0], equal_nan=True)


def test_an_average_is_over_the_steps_there_are_and_keeps_the_last_category() -> None:
    x, _, steps = averaged(WINDOWS, COLUMNS, 0)
    assert steps == 1
    assert x.tolist() == [[2.0, 3.0], [3.0, 7.0]]


def test_aggregates_describe_each_number_beside_the_last_flow() -> None:
    x, columns, _ = aggregated(WINDOWS, COLUMNS, 0)
    assert [column.name for column in columns] == [
        "proto",
        "bytes",
        "bytes_mean",
        "bytes_spread",
        "bytes_least",
        "bytes_most",
    ]
    assert x[0].tolist() == [2.0, 5.0, 3.0, 2.0, 1.0, 5.0]
