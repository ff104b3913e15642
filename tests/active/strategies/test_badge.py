import numpy as np

from pools import pool
from redshank.active.strategies.badge import Badge
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return Badge()


def test_what_the_model_is_sure_of_is_asked_last() -> None:
    p = np.tile([1.0, 0.0], (40, 1))
    p[[3, 17, 30]] = [0.5, 0.5]
    asked = Badge().query(pool(p), 40, seed=0)
    assert set(asked[:3].tolist()) == {3, 17, 30}
    assert sorted(asked.tolist()) == list(range(40))


def test_a_crowd_of_doubtful_rows_is_asked_about_once() -> None:
    points = np.concatenate([np.zeros((200, 2)), [[5.0, 0.0], [0.0, 5.0]]])
    asked = Badge().query(pool(np.full((202, 2), 0.5), points), 3, seed=0)
    assert {200, 201} < set(asked.tolist())


def test_distances_are_those_of_the_gradients() -> None:
    """Written out, class by coordinate: what is drawn after the first is never where a gradient is the same."""
    rng = np.random.default_rng(0)
    p = np.repeat(rng.dirichlet(np.ones(3), 5), 4, axis=0)
    points = np.repeat(rng.normal(size=(5, 2)), 4, axis=0)
    gradient = (p - np.eye(3)[p.argmax(axis=1)])[:, :, None] * np.column_stack([points, np.ones(20)])[:, None, :]
    asked = Badge().query(pool(p, points), 5, seed=2)
    assert asked[0] // 4 == np.square(gradient).sum(axis=(1, 2)).argmax() // 4
    assert set((asked // 4).tolist()) == {0, 1, 2, 3, 4}
