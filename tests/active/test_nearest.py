from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from questions import answer, questions, store
from redshank.active.nearest import Floats, Placed, nearest
from redshank.features.feature_set import FEATURE_SETS


def _float32(*values: object) -> Floats:
    return np.array(values, dtype=np.float32)


def _numbers(columns: int) -> npt.NDArray[np.bool_]:
    return np.zeros(columns, dtype=np.bool_)


def _apart(x: Floats, others: Floats, categories: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    return Placed(others, categories).distances(x)


def test_no_unit_drowns_another_column() -> None:
    others = _float32([10, 0.0], [20, 0.5], [30_000_000, 1.0], [40_000_000, 0.5])
    apart = _apart(_float32(15, 1.0), others, _numbers(2))
    assert apart.argmin() == 2, "its seconds are the same; of bytes it is two ranks away"
    assert _apart(others[1], others, _numbers(2))[1] == 0.0


def test_codes_are_alike_or_not_and_so_is_what_is_absent() -> None:
    others = _float32([2], [3], [9], [np.nan])
    assert _apart(_float32(3), others, np.array([True])).tolist() == [1.0, 0.0, 1.0, 1.0]
    assert _apart(_float32(np.nan), others, _numbers(1)).tolist() == [1.0, 1.0, 1.0, 0.0]
    assert _apart(_float32(5), _float32([np.nan]), _numbers(1)).tolist() == [1.0]


def test_values_that_are_all_the_same_or_infinite_are_compared() -> None:
    others = _float32([7, np.inf], [7, -np.inf], [7, 1])
    apart = _apart(_float32(9, np.inf), others, _numbers(2))
    assert np.isfinite(apart).all()
    assert apart.argmin() == 0


def test_those_most_like_a_question_come_first_and_those_of_other_features_not_at_all(tmp_path: Path) -> None:
    made = questions(("dos", "scanning", "benign", "dos"))
    asked, scanning, benign, dos = made
    queue = store(tmp_path / "s", *made[:3], replace(dos, x=asked.x))
    strange = replace(questions(("dos",), seed=5)[0], fingerprint="another")
    queue.add([strange])
    assert nearest(queue, asked) == []
    queue.tell([answer(one, "dos") for one in (asked, dos, scanning, benign, strange)])
    found = nearest(queue, asked)
    assert found[0] == dos.id
    assert set(found) == {dos.id, scanning.id, benign.id}


def test_features_that_this_installation_does_not_have_are_numbers(tmp_path: Path) -> None:
    asked, other = questions(("dos", "dos"), feature_set="no_such_set")
    queue = store(tmp_path / "s", asked, other)
    queue.tell([answer(other, "dos")])
    assert nearest(queue, asked) == [other.id]


def test_of_a_window_of_flows_the_last_is_compared(tmp_path: Path) -> None:
    windows = FEATURE_SETS.find("host_window")
    columns = len(windows.columns)
    x = np.zeros((3, windows.steps, columns), np.float32)
    x[1, :-1], x[2, -1] = 5.0, 5.0
    made = questions(("dos", "dos", "dos"), feature_set="host_window", fingerprint=windows.fingerprint())
    asked, before, last = (replace(one, x=values.tobytes()) for one, values in zip(made, x, strict=True))
    queue = store(tmp_path / "s", asked, before, last)
    queue.tell([answer(before, "dos"), answer(last, "dos")])
    assert nearest(queue, asked) == [before.id, last.id]
