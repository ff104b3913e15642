import numpy as np

from pools import pool
from redshank.active.strategies.margin import Margin
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return Margin()


def test_what_lies_between_two_classes_is_asked_first() -> None:
    given = pool([[0.4, 0.3, 0.3], [0.5, 0.49, 0.01], [0.5, 0.5, 0.0]])
    assert Margin().query(given, 2, seed=0).tolist() == [2, 1]


def test_equal_scores_are_not_taken_in_file_order() -> None:
    assert Margin().query(pool(np.full((50, 2), 0.5)), 10, seed=1).tolist() != list(range(10))
