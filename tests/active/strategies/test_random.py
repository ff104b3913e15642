import numpy as np

from redshank.active.strategies.random import Random
from redshank.active.strategy import Pool, Strategy


def example() -> Strategy:
    return Random()


def test_every_row_is_drawn_equally_often() -> None:
    pool = Pool(np.zeros((20, 1), np.float32), np.full((20, 2), 0.5, np.float32))
    drawn = np.concatenate([Random().query(pool, 5, seed) for seed in range(400)])
    counts = np.bincount(drawn, minlength=20)
    # 2,000 draws over 20 rows: mean 100, standard deviation 8.7 (hypergeometric); five of them is a generous bound.
    assert abs(counts - 100).max() < 45
