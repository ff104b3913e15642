import numpy as np

from pools import pool
from redshank.active.strategies.query_by_committee import QueryByCommittee
from redshank.active.strategy import Strategy


def example() -> Strategy:
    return QueryByCommittee()


LINE = np.linspace(0, 10, 101)[:, None]


def test_what_lies_between_labels_of_two_classes_is_asked() -> None:
    known = np.r_[np.linspace(0, 4, 20), np.linspace(6, 10, 20)]
    given = pool(np.full((101, 2), 0.5), LINE, known=known, y=np.repeat([0, 1], 20))
    asked = LINE[QueryByCommittee().query(given, 5, seed=0), 0]
    assert asked.min() > 3.5
    assert asked.max() < 6.5


def test_while_only_one_class_has_labels_the_model_is_asked() -> None:
    sure = np.tile([1.0, 0.0], (101, 1))
    sure[[7, 9]] = [[0.6, 0.4], [0.5, 0.5]]
    for labels in (0, 3):
        given = pool(sure, LINE, known=np.zeros(labels), y=np.ones(labels))
        assert QueryByCommittee().query(given, 2, seed=0).tolist() == [9, 7]
