import numpy as np

from pools import pool
from redshank.active.strategies.quotas import Quotas
from redshank.active.strategy import Strategy

GIVEN = [[0.51, 0.49, 0], [0.6, 0.4, 0], [0.7, 0.3, 0], [0.8, 0.2, 0], [0.1, 0.8, 0.1], [0, 0.45, 0.55], [0, 0.1, 0.9]]


def example() -> Strategy:
    return Quotas()


def test_families_ask_in_turns_those_with_the_fewest_labels_first() -> None:
    given = pool(GIVEN, known=np.zeros((6, 2)), y=[0, 0, 0, 1, 1, 2])
    assert Quotas().query(given, 7, seed=0).tolist() == [5, 4, 0, 6, 1, 2, 3]


def test_any_beginning_is_fair() -> None:
    rng = np.random.default_rng(0)
    given = pool(rng.dirichlet([4, 2, 2], 1_000))
    family = given.probabilities.argmax(axis=1)
    for size in (3, 10, 20):
        shares = np.bincount(family[Quotas().query(given, size, seed=1)], minlength=3)
        assert shares.max() - shares.min() <= 1
