import numpy as np

from redshank.active.strategies.least_confidence import LeastConfidence
from redshank.active.strategy import Pool, Strategy


def example() -> Strategy:
    return LeastConfidence()


def test_the_weakest_best_guess_is_asked_first() -> None:
    probabilities = np.array([[0.9, 0.1, 0.0], [0.4, 0.35, 0.25], [0.5, 0.5, 0.0]], np.float32)
    pool = Pool(np.zeros((3, 1), np.float32), probabilities)
    assert LeastConfidence().query(pool, 2, seed=0).tolist() == [1, 2]


def test_equal_scores_are_not_taken_in_file_order() -> None:
    pool = Pool(np.zeros((50, 1), np.float32), np.full((50, 2), 0.5, np.float32))
    assert LeastConfidence().query(pool, 10, seed=1).tolist() != list(range(10))
