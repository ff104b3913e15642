import numpy as np

from pools import pool
from redshank.active.strategies.density import Density
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return Density()


def test_of_equally_uncertain_rows_the_one_in_a_crowd_is_asked_first() -> None:
    points = np.concatenate([np.random.default_rng(0).normal(size=(60, 2)), [[30.0, 30.0]]])
    p = np.tile([1.0, 0.0], (61, 1))
    p[[5, 60]] = [0.5, 0.5]
    assert Density().query(pool(p, points), 2, seed=0).tolist() == [5, 60]


def test_a_crowd_that_is_certain_is_not_asked() -> None:
    points = np.concatenate([np.zeros((60, 2)), [[3.0, 3.0]]])
    p = np.tile([1.0, 0.0], (61, 1))
    p[60] = [0.6, 0.4]
    assert Density().query(pool(p, points), 1, seed=0).tolist() == [60]
