import numpy as np
import pytest

from pools import pool
from redshank.active.strategy import STRATEGIES, lowest_first
from redshank.core.errors import ConfigError


def test_a_pool_knows_its_size() -> None:
    assert len(pool(np.full((3, 2), 0.5))) == 3


def test_some_of_the_candidates_keep_what_is_known_of_them() -> None:
    whole = pool(np.random.default_rng(0).dirichlet(np.ones(3), 6))
    some = whole.take(np.array([4, 1]))
    assert np.array_equal(some.x, whole.x[[4, 1]])
    assert np.array_equal(some.probabilities, whole.probabilities[[4, 1]])
    assert np.array_equal(some.points, whole.points[[4, 1]])
    assert np.array_equal(some.anomaly, whole.anomaly[[4, 1]])
    assert some.known is whole.known


def test_the_lowest_scores_come_first_and_equal_ones_not_in_file_order() -> None:
    assert lowest_first(np.array([3.0, 1.0, 2.0]), 5, seed=0).tolist() == [1, 2, 0]
    assert lowest_first(np.zeros(50), 10, seed=1).tolist() != list(range(10))
    assert lowest_first(np.zeros(50), 10, seed=1).tolist() == lowest_first(np.zeros(50), 10, seed=1).tolist()


def test_an_unknown_strategy_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(ConfigError, match="no 'least_confidnce'; did you mean 'least_confidence'"):
        STRATEGIES.find("least_confidnce")
