import numpy as np

from pools import pool
from redshank.active.strategies.least_confidence import LeastConfidence
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return LeastConfidence()


def test_the_weakest_best_guess_is_asked_first() -> None:
    given = pool([[0.9, 0.1, 0.0], [0.4, 0.35, 0.25], [0.5, 0.5, 0.0]])
    assert LeastConfidence().query(given, 2, seed=0).tolist() == [1, 2]


def test_equal_scores_are_not_taken_in_file_order() -> None:
    assert LeastConfidence().query(pool(np.full((50, 2), 0.5)), 10, seed=1).tolist() != list(range(10))
