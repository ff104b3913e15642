from dataclasses import replace
from pathlib import Path

import numpy as np

from questions import answer, questions, store
from redshank.active.nearest import nearest
from redshank.features.feature_set import FEATURE_SETS


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
