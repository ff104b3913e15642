import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from redshank.data.parts import MINORITY, Part, Parts


def part(rows: int) -> Part:
    return Part(np.zeros((rows, 2), np.float32), np.zeros(rows, np.int64), np.ones(rows, np.float32), np.arange(rows))


def test_a_part_is_as_long_as_its_rows() -> None:
    assert [len(part(rows)) for rows in (0, 3)] == [0, 3]


def test_parts_keep_what_they_were_made_of() -> None:
    parts = Parts(
        part(6),
        part(1),
        part(1),
        part(2),
        columns=(),
        classes=("benign", "attack"),
        dataset="table",
        sha256="0" * 64,
        protocol="leakfree",
        task="binary",
        seed=0,
        feature_set=None,
    )
    assert [len(p) for p in (parts.train, parts.validation, parts.calibration, parts.test)] == [6, 1, 1, 2]
    assert parts.notes == {}
    with pytest.raises(dataclasses.FrozenInstanceError):
        parts.seed = 1  # type: ignore[misc]


def test_rows_are_taken_with_their_minority() -> None:
    minority = np.array([(0, 1, 5), (2, 1, 7), (2, 2, 1)], dtype=MINORITY)
    taken = replace(part(4), minority=minority).take(np.array([3, 2]))
    assert taken.row.tolist() == [3, 2]
    assert taken.minority is not None
    assert taken.minority.tolist() == [(1, 1, 7.0), (1, 2, 1.0)]
    assert minority["vector"].tolist() == [0, 2, 2], "what it was taken from stays"
    assert part(4).take(np.array([0])).minority is None
