import numpy as np

from pools import pool
from redshank.active.strategies.anomalous import Anomalous
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return Anomalous()


POINTS = np.concatenate([np.zeros((100, 2)), np.full((20, 2), 8.0), [[-8.0, 0.0]]])
UNUSUAL = np.r_[np.full(100, 0.4), np.linspace(0.7, 0.8, 20), 0.6]


def test_the_most_unusual_is_asked_first_and_the_next_is_not_beside_it() -> None:
    given = pool(np.full((121, 2), 0.5), POINTS, anomaly=UNUSUAL, known=np.empty(0))
    assert Anomalous().query(given, 3, seed=0)[:2].tolist() == [119, 120]


def test_an_unusual_place_that_has_a_label_waits() -> None:
    given = pool(np.full((121, 2), 0.5), POINTS, anomaly=UNUSUAL, known=[[8.0, 8.0]])
    assert Anomalous().query(given, 3, seed=0)[0] == 120
