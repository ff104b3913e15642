import numpy as np
import numpy.typing as npt
import pytest

from redshank.active.loop import Plan, Round, learn_actively
from redshank.active.strategies.least_confidence import LeastConfidence
from redshank.active.strategies.random import Random
from tables import Logistic, parts


def test_the_curve_has_one_point_per_round_and_counts_every_label() -> None:
    learned = learn_actively(parts(), Logistic(), Random(), Plan(initial=20, batch=10, rounds=3))
    assert [point.labels for point in learned.rounds] == [20, 30, 40, 50]
    assert len(set(learned.labelled.tolist())) == 50
    assert learned.validation_labels == 100


def test_every_strategy_starts_from_the_same_initial_set() -> None:
    plan = Plan(initial=15, batch=5, rounds=1)
    table = parts()
    first = learn_actively(table, Logistic(), Random(), plan, seed=4).labelled[:15]
    second = learn_actively(table, Logistic(), LeastConfidence(), plan, seed=4).labelled[:15]
    assert first.tolist() == second.tolist()


def test_weights_are_kept_only_when_validation_improves() -> None:
    learned = learn_actively(parts(), Logistic(), LeastConfidence(), Plan(initial=10, batch=10, rounds=12), seed=2)
    best = learned.rounds[0].validation_accuracy
    for point in learned.rounds[1:]:
        assert point.kept == (point.validation_accuracy > best)
        best = max(best, point.validation_accuracy)
    decided = learned.model.predict_proba(parts().validation.x).argmax(axis=1)
    assert float((decided == parts().validation.y).mean()) == pytest.approx(best)


def test_wrong_answers_do_not_replace_better_weights() -> None:
    table = parts()
    asked = 0

    def liar(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        nonlocal asked
        asked += len(rows)
        honest = table.train.y[rows]
        return honest if asked <= 100 else (honest + 1) % 3

    learned = learn_actively(table, Logistic(), Random(), Plan(initial=100, batch=100, rounds=3), seed=1, analyst=liar)
    assert not any(point.kept for point in learned.rounds[1:])
    assert learned.rounds[-1].test_accuracy == learned.rounds[0].test_accuracy


def test_the_loop_ends_when_the_pool_is_empty() -> None:
    learned = learn_actively(parts(rows=40), Logistic(), Random(), Plan(initial=10, batch=20, rounds=50))
    assert [point.labels for point in learned.rounds] == [10, 30, 40]


def test_the_same_seed_gives_the_same_curve() -> None:
    plan = Plan(initial=10, batch=10, rounds=4)
    runs = [learn_actively(parts(), Logistic(), LeastConfidence(), plan, seed=9).rounds for _ in range(2)]
    assert runs[0] == runs[1]


def test_warm_start_leaves_the_kept_model_untouched() -> None:
    learned = learn_actively(parts(), Logistic(), Random(), Plan(initial=10, batch=5, rounds=2, warm_start=True))
    assert len(learned.rounds) == 3


def test_rounds_are_told_as_they_end() -> None:
    told: list[Round] = []
    learned = learn_actively(parts(), Logistic(), Random(), Plan(10, 10, 2), on_round=told.append)
    assert tuple(told) == learned.rounds


def test_an_initial_set_larger_than_the_pool_is_refused() -> None:
    with pytest.raises(ValueError, match="500 labels from a pool of 400"):
        learn_actively(parts(), Logistic(), Random(), Plan(initial=500))
