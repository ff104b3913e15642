"""Every cleaning step keeps the promises of `data/cleaning.py`, in each of its ways."""

import functools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.examples import example_of
from drawn import examples
from model_rows import COLUMNS, classes, raw
from redshank.data.clean import Floats
from redshank.data.cleaning import INPUT, ROWS, STEPS, TABLE, CleaningStep, Rows, read_steps

X = raw(120)
TRAIN = Rows(X, classes(X), np.ones(len(X), np.float32))
NAMED = [(name, way, on) for name in STEPS.names() for way, on in STEPS.find(name).ways.items()]
INPUTS = [(name, way) for name, way, on in NAMED if on == INPUT]

each_input = pytest.mark.parametrize(("name", "way"), INPUTS)


def fit(name: str, way: str, rows: Rows = TRAIN) -> CleaningStep:
    return STEPS.find(name)(way, seed=1).fit(rows, COLUMNS, 3)


@functools.cache
def fitted(name: str, way: str) -> CleaningStep:
    return fit(name, way)


@pytest.mark.parametrize("name", STEPS.names())
def test_a_step_has_ways_and_its_test_an_example(name: str, tmp_path: object) -> None:
    kind = STEPS.find(name)
    assert isinstance(example_of("data/steps", name)(tmp_path), kind)
    assert set(kind.ways.values()) <= {TABLE, ROWS, INPUT}
    assert [named.way for named in read_steps([name])] == [next(iter(kind.ways))]


@each_input
def test_rows_that_did_not_train_never_change_the_fit(name: str, way: str) -> None:
    step = fit(name, way)
    before = step.apply(X)
    step.apply(raw(50, seed=9) * 1000)
    assert np.array_equal(step.apply(X), before, equal_nan=True)
    assert np.array_equal(fitted(name, way).apply(X), before, equal_nan=True)


@each_input
def test_a_row_is_treated_alone_as_among_others(name: str, way: str) -> None:
    step = fitted(name, way)
    alone = np.concatenate([step.apply(row[None]) for row in X[:9]])
    assert np.allclose(alone, step.apply(X)[:9], rtol=1e-5, atol=1e-6, equal_nan=True)


@each_input
def test_there_is_a_column_for_every_value(name: str, way: str) -> None:
    step = fitted(name, way)
    assert step.apply(X).shape == (len(X), len(step.columns_))
    assert step.apply(X).dtype == np.float32
    assert len({column.name for column in step.columns_}) == len(step.columns_)
    assert step.detail_


@settings(max_examples=examples(15), deadline=None)
@given(st.data())
def test_any_value_can_be_treated(data: st.DataObject) -> None:
    name, way = data.draw(st.sampled_from(INPUTS))
    value = data.draw(st.sampled_from([np.nan, np.inf, -np.inf, 3e38, -3e38, 0.0, -0.0]))
    x = np.repeat(raw(1, seed=5), len(COLUMNS), axis=0)
    np.fill_diagonal(x, value)
    clean = fitted(name, way).apply(x)
    if name == "missing":
        assert np.isfinite(clean).all()
    untouched = ~np.isnan(x).any(axis=0)
    if np.isfinite(value) and len(clean.T) == len(x.T):
        assert not np.isnan(clean[:, untouched]).any()


@pytest.mark.parametrize("rows", [X[:1], X[:2], np.full_like(X[:5], np.nan), np.full_like(X[:5], np.inf)])
@each_input
def test_a_step_learns_from_hardly_anything(name: str, way: str, rows: Floats) -> None:
    step = fit(name, way, Rows(rows, np.arange(len(rows)) % 3, np.ones(len(rows), np.float32)))
    assert step.apply(X).shape == (len(X), len(step.columns_))


@pytest.mark.parametrize(("name", "way"), [(name, way) for name, way, on in NAMED if on == ROWS])
def test_training_rows_are_chosen_and_others_stay(name: str, way: str) -> None:
    step = STEPS.find(name)(way, seed=1).fit(TRAIN, COLUMNS, 3)
    kept = step.train(TRAIN)
    there = {row.tobytes() for row in X}
    assert all(row.tobytes() in there for row in kept.x)
    assert len(kept.x) == len(kept.y) == len(kept.weight) <= len(X)
    assert np.array_equal(step.apply(X), X, equal_nan=True)


@each_input
def test_training_leaves_its_rows_alone(name: str, way: str) -> None:
    rows = replace(TRAIN, x=X.copy())
    fit(name, way, rows).train(rows)
    assert np.array_equal(rows.x, X, equal_nan=True)
