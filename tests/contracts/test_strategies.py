"""Every query strategy keeps the promises of `active/strategy.py`."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.examples import example_of
from drawn import examples
from pools import pool
from redshank.active.strategy import STRATEGIES, Pool, Strategy


def _pool(rows: int, seed: int, labels: int = 5) -> Pool:
    rng = np.random.default_rng(seed)
    return pool(rng.dirichlet(np.ones(3), rows), rng.normal(size=(rows, 4)), known=rng.normal(size=(labels, 4)))


def _strategy(name: str) -> Strategy:
    built = example_of("active/strategies", name)()
    assert isinstance(built, Strategy)
    return built


BUILT = {name: _strategy(name) for name in STRATEGIES.names()}


@pytest.mark.parametrize("name", STRATEGIES.names())
@settings(max_examples=examples(20), deadline=None)
@given(rows=st.integers(1, 60), size=st.integers(0, 80), labels=st.integers(0, 9), seed=st.integers(0, 2**31))
def test_a_strategy_picks_distinct_rows_of_the_pool(name: str, rows: int, size: int, labels: int, seed: int) -> None:
    picked = BUILT[name].query(_pool(rows, 1, labels), size, seed)
    assert len(picked) == min(rows, size)
    assert len(set(picked.tolist())) == len(picked)
    assert all(0 <= row < rows for row in picked.tolist())


@pytest.mark.parametrize("name", STRATEGIES.names())
@settings(max_examples=10, deadline=None)
@given(rows=st.integers(1, 60), size=st.integers(0, 80), labels=st.sampled_from([0, 5, 120]), seed=st.integers(0, 99))
def test_what_chance_drew_is_among_what_is_asked(name: str, rows: int, size: int, labels: int, seed: int) -> None:
    given = _pool(rows, 1, labels)
    drawn = BUILT[name].drawn(given, size, seed).tolist()
    assert set(drawn) <= set(BUILT[name].query(given, size, seed).tolist())
    assert len(set(drawn)) == len(drawn)
    # It does not hang on what the model thinks.
    other = replace(given, probabilities=given.probabilities[::-1])
    assert BUILT[name].drawn(other, size, seed).tolist() == drawn


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_a_strategy_repeats_itself_for_a_seed(name: str) -> None:
    given = _pool(100, 2)
    assert BUILT[name].query(given, 30, 7).tolist() == BUILT[name].query(given, 30, 7).tolist()


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_a_strategy_leaves_the_pool_as_it_was(name: str) -> None:
    given, before = _pool(50, 3), _pool(50, 3)
    BUILT[name].query(given, 10, 1)
    for field in ("x", "probabilities", "points", "anomaly"):
        assert np.array_equal(getattr(given, field), getattr(before, field)), field


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_a_strategy_works_where_all_rows_are_one(name: str) -> None:
    """A pool that was not deduplicated: no distance, no difference of score."""
    given = pool(np.full((40, 2), 0.5), np.zeros((40, 3)), anomaly=np.full(40, 0.4), known=np.zeros((4, 3)))
    assert len(set(BUILT[name].query(given, 10, 1).tolist())) == 10


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_a_strategy_works_with_labels_of_a_family_that_the_model_does_not_know(name: str) -> None:
    given = pool(np.full((30, 3), 1 / 3), known=np.zeros((4, 2)), y=[0, 3, 4, 4])
    assert len(set(BUILT[name].query(given, 10, 1).tolist())) == 10


@pytest.mark.parametrize("name", STRATEGIES.names())
@pytest.mark.parametrize("labels", [5, 120])
def test_what_a_strategy_does_not_look_at_need_not_be_there(name: str, labels: int) -> None:
    given, built = _pool(60, 4, labels), BUILT[name]
    known, none = given.known, np.zeros(120, np.float32)
    if "probabilities" not in built.looks_at:
        given = replace(given, probabilities=given.probabilities[:, :0])
    if "points" not in built.looks_at:
        given = replace(given, points=given.points[:, :0], known=replace(known, points=known.points[:, :0]))
    if "anomaly" not in built.looks_at:
        given = replace(given, anomaly=none[:60], known=replace(given.known, anomaly=none[:labels]))
    assert set(built.looks_at) <= {"probabilities", "points", "anomaly"}
    assert built.query(given, 20, 1).tolist() == built.query(_pool(60, 4, labels), 20, 1).tolist()
