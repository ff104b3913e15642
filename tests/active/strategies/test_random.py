import numpy as np

from pools import pool
from redshank.active.strategies.random import Random
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return Random()


def test_every_row_is_drawn_equally_often() -> None:
    given = pool(np.full((20, 2), 0.5))
    drawn = np.concatenate([Random().query(given, 5, seed) for seed in range(400)])
    counts = np.bincount(drawn, minlength=20)
    # 2,000 draws over 20 rows: mean 100, standard deviation 8.7 (hypergeometric); five of them is a generous bound.
    assert abs(counts - 100).max() < 45
