import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from redshank.data.parts import MEMBER, MINORITY, OTHER_FAMILY, Part, Parts, joined


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


def test_rows_are_taken_with_their_members() -> None:
    members = np.array([(0, 4), (2, 7), (2, 9), (3, 1)], dtype=MEMBER)
    taken = replace(part(4), members=members).take(np.array([3, 2]))
    assert taken.members is not None
    assert taken.members.tolist() == [(1, 7), (1, 9), (0, 1)]


def test_a_part_tells_the_families_of_its_rows() -> None:
    one = replace(part(3), y=np.array([0, 1, OTHER_FAMILY]))
    whole = Parts(one, one, one, one, (), ("benign", "dos"), "table", "0" * 64, "zero_day", "family", 0, None)
    assert whole.families(one).tolist() == ["benign", "dos", "(other)"]
    told = replace(whole, family=np.array(["benign", "dos", "worm"]))
    assert told.families(one).tolist() == ["benign", "dos", "worm"]
    assert replace(told, task="binary").families(one).tolist() == ["benign", "dos", "worm"]


def test_parts_put_one_behind_the_other_keep_their_rows_and_list_no_others() -> None:
    rows = np.arange(3)
    part = Part(np.zeros((3, 2), np.float32), rows, np.full(3, 2, np.float32), rows + 7)
    whole = joined([part, part.take(np.array([2]))])
    assert whole.x.shape == (4, 2)
    assert [whole.y.tolist(), whole.row.tolist(), whole.weight.tolist()] == [[0, 1, 2, 2], [7, 8, 9, 9], [2.0] * 4]
    assert whole.members is None
