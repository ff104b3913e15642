import numpy as np

from pools import pool
from redshank.active.strategies.typical import Typical
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return Typical()


def crowds(known: tuple[float, float] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Draw a crowd of 60 around 0 and one of 30 around 100."""
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.normal(0, 1, (60, 2)), rng.normal(100, 1, (30, 2))])
    return points, np.array([] if known is None else [known])


def test_the_first_questions_are_the_middles_of_the_crowds_the_largest_first() -> None:
    points, known = crowds()
    picked = Typical().query(pool(np.full((90, 2), 0.5), points, known=known), 2, seed=0)
    assert [row < 60 for row in picked.tolist()] == [True, False]
    assert np.linalg.norm(points[picked] - [[0, 0], [100, 100]], axis=1).max() < 1


def test_a_crowd_that_has_a_label_waits() -> None:
    points, known = crowds((0.0, 0.0))
    asked = Typical().query(pool(np.full((90, 2), 0.5), points, known=known), 1, seed=0)
    assert asked[0] >= 60
