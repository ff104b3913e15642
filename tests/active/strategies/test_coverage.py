import numpy as np

from pools import pool
from redshank.active.strategies.coverage import Coverage
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return Coverage()


def crowds() -> np.ndarray:
    """Draw a crowd of 120 around 0, one of 60 around 50, and three rows alone."""
    rng = np.random.default_rng(0)
    two = [rng.normal(0, 1, (120, 2)), rng.normal(50, 1, (60, 2))]
    return np.concatenate([*two, [[200.0, 0.0], [0.0, 200.0], [-200.0, 0.0]]])


def test_the_balls_that_cover_most_come_first_and_labels_cover_too() -> None:
    points = crowds()
    asked = points[Coverage().query(pool(np.full((183, 5), 0.2), points, known=np.empty(0)), 20, seed=0)]
    assert np.abs(asked[0]).max() < 3
    labelled = pool(np.full((183, 5), 0.2), points, known=points[:120])
    assert Coverage().query(labelled, 1, seed=0)[0] >= 120


def test_once_all_is_covered_rows_are_drawn() -> None:
    points = crowds()
    given = pool(np.full((183, 5), 0.2), points, known=points)
    assert len({int(Coverage().query(given, 1, seed)[0]) for seed in range(5)}) > 1
