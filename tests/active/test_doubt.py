from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from redshank.active.doubt import SPARED, doubtful
from redshank.active.loop import Plan, learn_actively
from redshank.active.strategies.random import Random
from redshank.learn.model import Classes, Floats
from tables import Logistic, parts


@cache
def _flipped(share: float) -> tuple[Floats, Classes, Classes]:
    """Draw rows of three classes that hardly overlap; return them, their labels, some wrong, and the truth."""
    rng = np.random.default_rng(5)
    truth = np.repeat(np.arange(3), 80)
    x = (np.array([[0, 0], [6, 0], [0, 6]])[truth] + rng.normal(0, 1, (240, 2))).astype(np.float32)
    wrong = rng.random(240) < share
    return x, np.where(wrong, (truth + rng.integers(1, 3, 240)) % 3, truth), truth


def test_wrong_labels_are_found_and_right_ones_are_left_alone() -> None:
    x, y, truth = _flipped(0.1)
    called = doubtful(x, y, 3, seed=0) > 0.5
    wrong = y != truth
    assert wrong.sum() > 15
    assert called[wrong].mean() > 0.75
    assert called[~wrong].mean() < 0.02


def test_nothing_is_called_wrong_where_nothing_is() -> None:
    x, _, truth = _flipped(0.1)
    assert not (doubtful(x, truth, 3, seed=0) > 0.5).any()


def test_a_border_is_not_a_mistake() -> None:
    # Two classes that overlap: a quarter of the true labels loses to the other class, and few of them are in doubt.
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 300)
    x = (y[:, None] * 1.4 + rng.normal(0, 1, (300, 2))).astype(np.float32)
    assert ((x.sum(axis=1) > 1.4) != y).mean() > 0.15
    assert (doubtful(x, y, 2, seed=0) > 0.5).mean() < 0.1


def test_no_class_loses_all_its_labels() -> None:
    x, y, _ = _flipped(0.0)
    y = y.copy()
    y[: SPARED + 2] = 3  # in the middle of another class
    called = doubtful(x, y, 4, seed=0) > 0.5
    assert 0 < called[y == 3].sum() <= 2
    assert not called[y != 3].any()


def test_absent_values_and_infinite_ones_are_no_obstacle() -> None:
    x, y, truth = _flipped(0.1)
    x = x.copy()
    x[::7, 0], x[::11, 1] = np.nan, np.inf
    called = doubtful(x, y, 3, seed=0) > 0.5
    assert called[y != truth].mean() > 0.5
    assert called[y == truth].mean() < 0.1


@settings(max_examples=6, deadline=None)
@given(
    y=st.lists(st.integers(0, 3), max_size=24),
    seed=st.integers(0, 5),
)
def test_a_doubt_is_a_probability_for_every_label_and_the_same_for_the_same_seed(y: list[int], seed: int) -> None:
    classes = np.array(y, dtype=np.int64)
    x = np.random.default_rng(seed).normal(size=(len(y), 2)).astype(np.float32)
    found = doubtful(x, classes, 4, seed)
    assert found.shape == (len(y),)
    assert ((found >= 0) & (found <= 1)).all()
    assert found.tolist() == doubtful(x, classes, 4, seed).tolist()


def test_the_loop_repairs_what_an_analyst_got_wrong() -> None:
    table = parts(rows=300)

    def learn(*, repair: bool) -> list[bool]:
        rng = np.random.default_rng(7)
        heard: dict[int, int] = {}

        def careless(rows: Classes) -> Classes:
            given = table.train.y[rows].copy()
            wrong = rng.random(len(rows)) < 0.15
            given[wrong] = (given[wrong] + 1) % 3
            heard.update(zip(rows.tolist(), given.tolist(), strict=True))
            return given

        plan = Plan(initial=150, batch=20, rounds=3, gate=False, recheck=0.5 if repair else 0.0)
        doubt = (lambda rows, y, seed: doubtful(table.train.x[rows], y, 3, seed)) if repair else None
        learn_actively(table, Logistic(), Random(), plan, analyst=careless, doubt=doubt)
        return [one != table.train.y[row] for row, one in heard.items()]

    assert np.mean(learn(repair=True)) < 0.8 * np.mean(learn(repair=False))
