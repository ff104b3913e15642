from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.active.borrow import Agreement, SelfTraining
from redshank.active.loop import Plan, learn_actively
from redshank.active.strategies.random import Random
from tables import CLASSES, COLUMNS, Logistic, part, parts


class Told(Logistic):
    """Says of each row what stands in it: the class in the first column, how sure it is in the second."""

    def predict_proba(self, x: Any) -> Any:
        p = np.zeros((len(x), 3), np.float32)
        p[np.arange(len(x)), x[:, 0].astype(int)] = x[:, 1]
        p[np.arange(len(x)), (x[:, 0].astype(int) + 1) % 3] = 1 - x[:, 1]
        return p


def _rows(*told: tuple[int, float]) -> Any:
    return np.array(told, np.float32).reshape(-1, 2)


LABELLED = (_rows((0, 1), (1, 1), (2, 1)), np.array([0, 1, 1]))


def test_only_what_the_model_is_sure_of_is_borrowed() -> None:
    rest = _rows((0, 0.95), (0, 0.6), (1, 0.9), (1, 0.89))
    rows, guessed, weight = SelfTraining(sure=0.9, weight=0.25)(Told(), *LABELLED, rest, seed=0)
    assert dict(zip(rows.tolist(), guessed.tolist(), strict=True)) == {0: 0, 2: 1}
    assert weight.tolist() == [0.25, 0.25]


@given(
    told=st.lists(st.tuples(st.integers(0, 2), st.floats(0.5, 1, width=32)), max_size=40),
    y=st.lists(st.integers(0, 2), min_size=1, max_size=10),
    per_label=st.sampled_from([0.0, 0.5, 1.0, 3.0]),
    looked_at=st.integers(1, 50),
)
def test_a_class_borrows_no_more_than_its_labels_allow(
    told: Sequence[tuple[int, float]], y: list[int], per_label: float, looked_at: int
) -> None:
    rest = _rows(*told)
    borrow = SelfTraining(sure=0.7, per_label=per_label, looked_at=looked_at)
    rows, guessed, weight = borrow(Told(), np.zeros((len(y), 2), np.float32), np.array(y), rest, seed=1)
    assert len(rows) == len(set(rows.tolist())) == len(guessed) == len(weight) <= looked_at
    assert (rest[rows, 1] >= np.float32(0.7)).all()
    assert (rest[rows, 0] == guessed).all()
    for one in range(3):
        assert (guessed == one).sum() <= per_label * y.count(one)


def test_among_sure_rows_the_seed_decides() -> None:
    rest = _rows(*[(0, 1.0)] * 200)
    drawn = [SelfTraining()(Told(), *LABELLED, rest, seed=seed)[0].tolist() for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_two_models_must_say_the_same_and_both_be_sure() -> None:
    table = part(300, seed=5)
    rest = part(200, seed=6).x
    model = Logistic().fit(table.x, table.y, columns=COLUMNS, n_classes=3)
    # The other has learned that there is benign alone: what it calls an attack is nothing.
    only = np.zeros(50, np.int64)
    borrow = Agreement(other=Logistic(), columns=COLUMNS, n_classes=3, sure=0.9, per_label=100)
    rows, guessed, _ = borrow(model, table.x[:50], only, rest, seed=0)
    assert len(rows) > 0
    assert set(guessed.tolist()) == {0}
    p = model.predict_proba(rest[rows])
    assert (p.argmax(axis=1) == 0).all()
    assert (p.max(axis=1) >= 0.9).all()
    assert "regression_" not in vars(borrow.other), "the model that was handed in was trained"
    alone = SelfTraining(sure=0.9, per_label=100)(model, table.x[:50], only, rest, seed=0)
    assert set(rows.tolist()) == set(alone[0].tolist())


def test_nothing_is_borrowed_where_nothing_is_open() -> None:
    rows, guessed, weight = SelfTraining()(Told(), *LABELLED, _rows(), seed=0)
    assert len(rows) == len(guessed) == len(weight) == 0


def test_the_loop_trains_on_what_is_borrowed_and_counts_it_as_no_label() -> None:
    table, plan = parts(), Plan(initial=20, batch=10, rounds=2, gate=False)
    borrow = Agreement(other=Logistic(), columns=COLUMNS, n_classes=len(CLASSES))
    runs = [learn_actively(table, Logistic(), Random(), plan, borrow=given) for given in (None, borrow)]
    assert [point.labels for point in runs[1].rounds] == [point.labels for point in runs[0].rounds] == [20, 30, 40]
    p, q = (run.model.predict_proba(table.test.x) for run in runs)
    assert not np.allclose(p, q)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"sure": 0.0}, "sure: 0.0 is not above 0"),
        ({"sure": 1.5}, "sure: 1.5 is not above 0 and at most 1"),
        ({"per_label": -1}, "per_label: -1 is not 0 or more"),
        ({"weight": 0}, "weight: 0 is not above 0"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        SelfTraining(**settings)  # type: ignore[arg-type]
