"""Every query strategy keeps the promises of `active/strategy.py`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.examples import example_of
from redshank.active.strategy import STRATEGIES, Pool, Strategy


def _pool(rows: int, seed: int) -> Pool:
    rng = np.random.default_rng(seed)
    return Pool(rng.normal(size=(rows, 4)).astype(np.float32), rng.dirichlet(np.ones(3), rows).astype(np.float32))


def _strategy(name: str) -> Strategy:
    built = example_of("active/strategies", name)()
    assert isinstance(built, Strategy)
    return built


@pytest.mark.parametrize("name", STRATEGIES.names())
@settings(max_examples=20, deadline=None)
@given(rows=st.integers(1, 60), size=st.integers(0, 80), seed=st.integers(0, 2**31))
def test_a_strategy_picks_distinct_rows_of_the_pool(name: str, rows: int, size: int, seed: int) -> None:
    picked = _strategy(name).query(_pool(rows, 1), size, seed)
    assert len(picked) == min(rows, size)
    assert len(set(picked.tolist())) == len(picked)
    assert all(0 <= row < rows for row in picked.tolist())


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_a_strategy_repeats_itself_for_a_seed(name: str) -> None:
    pool = _pool(100, 2)
    assert _strategy(name).query(pool, 30, 7).tolist() == _strategy(name).query(pool, 30, 7).tolist()


@pytest.mark.parametrize("name", STRATEGIES.names())
def test_a_strategy_leaves_the_pool_as_it_was(name: str) -> None:
    pool = _pool(50, 3)
    before = pool.x.copy(), pool.probabilities.copy()
    _strategy(name).query(pool, 10, 1)
    assert np.array_equal(pool.x, before[0])
    assert np.array_equal(pool.probabilities, before[1])
