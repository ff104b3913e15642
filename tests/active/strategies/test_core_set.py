import numpy as np

from pools import pool
from redshank.active.strategies.core_set import CoreSet
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return CoreSet()


def test_the_farthest_from_labels_and_then_from_what_was_picked_is_asked() -> None:
    line = np.array([[0.0], [1.0], [4.0], [5.0], [9.0], [10.0]])
    given = pool(np.full((6, 2), 0.5), line, known=np.zeros(1))
    assert CoreSet().query(given, 2, seed=0).tolist() == [5, 3]


def test_without_labels_the_first_is_drawn() -> None:
    given = pool(np.full((30, 2), 0.5), np.arange(30)[:, None], known=np.empty(0))
    assert len({int(CoreSet().query(given, 1, seed)[0]) for seed in range(5)}) > 1
