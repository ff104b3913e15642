from pools import pool
from redshank.active.strategies.entropy import Entropy
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return Entropy()


def test_what_may_be_anything_is_asked_first() -> None:
    given = pool([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [0.4, 0.3, 0.3]])
    assert Entropy().query(given, 3, seed=0).tolist() == [2, 0, 1]
