import numpy as np
import pytest

from redshank.learn.selector import SELECTORS, Trial

ROWS = 300
RNG = np.random.default_rng(0)
PLANTED = [2, 5]
X = RNG.normal(size=(ROWS, 8)).astype(np.float32)
Y = ((X[:, 2] > 0).astype(np.int64) + (X[:, 5] > 0.3)).astype(np.int64)
X[::7, 0], X[::9, 3], X[0, 4] = np.nan, np.inf, -np.inf


@pytest.mark.parametrize("name", SELECTORS.names())
def test_planted_features_are_found_among_noise_by_seed(name: str) -> None:
    selector = SELECTORS.find(name)()
    kept = selector.select(X, Y, 0)
    assert kept.dtype == bool
    assert kept[PLANTED].all()
    assert kept.sum() <= 5
    assert np.array_equal(kept, selector.select(X, Y, 0))


@pytest.mark.parametrize("name", SELECTORS.names())
def test_one_feature_and_one_class_are_a_choice_too(name: str) -> None:
    assert SELECTORS.find(name)().select(X[:9, :1], Y[:9] * 0, 0).tolist() == [True]


def test_each_subset_is_judged_once_on_rows_held_out() -> None:
    trial = Trial(X, Y, 0)
    assert trial.error((2, 5)) < trial.error((6, 7))
    trial.error((2, 5))
    assert trial.error.cache_info().misses == 2
    assert len(trial.y) + len(trial.held_y) == ROWS
