import numpy as np
import numpy.typing as npt

from pools import pool
from redshank.active.strategies.anomalous import Anomalous
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return Anomalous()


RNG = np.random.default_rng(0)
CROWD, FAMILY, ALONE = range(1000), range(1000, 1110), 1110
POINTS = np.concatenate([RNG.normal(0, 1, (1000, 2)), np.full((110, 2), 8.0), [[-30.0, 0.0]]])
UNUSUAL = np.r_[np.full(1000, 0.4), np.full(110, 0.7), 0.9]


def _first(known: npt.ArrayLike, y: npt.ArrayLike | None = None, unusual: npt.ArrayLike | None = None) -> list[int]:
    given = pool(np.full((1111, 2), 0.5), POINTS, anomaly=UNUSUAL, known=known, y=y, known_anomaly=unusual)
    asked: list[int] = Anomalous().query(given, 8, seed=0).tolist()
    return asked


def test_a_small_crowd_is_asked_before_a_row_that_is_alone() -> None:
    asked = _first(known=np.empty(0))
    assert asked[0] in FAMILY
    assert ALONE in asked
    assert sum(row in CROWD for row in asked) <= 5


def test_an_unusual_place_that_has_a_label_waits() -> None:
    labels = np.full((4, 2), 8.0)
    asked = _first(known=labels, y=np.ones(4), unusual=np.full(4, 0.7))
    assert asked[0] not in FAMILY


def test_labels_of_usual_rows_cover_nothing_unusual() -> None:
    assert _first(known=[[7.0, 7.0]], y=[0], unusual=[0.3])[0] in FAMILY
