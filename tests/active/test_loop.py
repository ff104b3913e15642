from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from redshank.active.loop import Plan, Round, learn_actively
from redshank.active.strategies.least_confidence import LeastConfidence
from redshank.active.strategies.random import Random
from redshank.data.parts import Part
from redshank.detect import calibrate
from redshank.learn.evaluate import evaluate
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


class Remembering(Logistic):
    """Counts how often these weights were trained, as a warm start must not do to weights that are kept."""

    trained = 0

    def fit(self, *args: Any, **settings: Any) -> "Remembering":
        self.trained = self.trained + 1 if settings["warm_start"] else 1
        super().fit(*args, **settings)
        return self


def _trained(*, warm_start: bool, truth: bool) -> tuple[bool, int]:
    """Run one round after the initial one; say whether it was kept, and how often the kept weights were trained."""
    table = parts()

    def answer(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return table.train.y[rows] if truth else np.full(len(rows), 2)  # always the same answer teaches nothing new

    plan = Plan(initial=10, batch=300, rounds=1, warm_start=warm_start)
    learned = learn_actively(table, Remembering(), Random(), plan, analyst=answer)
    assert isinstance(learned.model, Remembering)
    return learned.rounds[1].kept, learned.model.trained


def test_a_warm_start_trains_a_copy_of_the_kept_model() -> None:
    assert _trained(warm_start=True, truth=False) == (False, 1), "refused weights were trained, not the kept ones"
    assert _trained(warm_start=True, truth=True) == (True, 2)


def test_a_round_starts_anew_without_a_warm_start() -> None:
    assert _trained(warm_start=False, truth=True) == (True, 1)


def test_the_curve_shows_the_macro_f1_of_an_evaluation() -> None:
    # The test part has two of three classes, and the model calls some rows the third: that class has no F1.
    table = parts()
    known = table.test.y != 2
    test = Part(table.test.x[known] + 1, table.test.y[known], table.test.weight[known], table.test.row[known])
    learned = learn_actively(replace(table, test=test), Logistic(), Random(), Plan(50, 10, 0))
    p = learned.model.predict_proba(test.x)
    assert (p.argmax(axis=1) == 2).any()
    evaluation = evaluate(p, test, table.classes, calibrate.fit(p, test.y))
    assert learned.rounds[0].test_macro_f1 == evaluation.vector.headline["macro_f1"]
    assert learned.rounds[0].test_accuracy == evaluation.vector.headline["accuracy"]


def test_a_part_without_rows_is_refused() -> None:
    table = parts()
    empty = Part(table.test.x[:0], table.test.y[:0], table.test.weight[:0], table.test.row[:0])
    for name, without in (("validation", replace(table, validation=empty)), ("test", replace(table, test=empty))):
        with pytest.raises(ValueError, match=f"the {name} part has no rows"):
            learn_actively(without, Logistic(), Random(), Plan(50, 10, 1))


def test_answers_about_the_test_part_change_no_weights() -> None:
    # The same pool and gate, another test part: the same questions and the same gate decisions.
    plan = Plan(initial=10, batch=10, rounds=4)
    table = parts()
    flipped = replace(table, test=replace(table.test, y=2 - table.test.y))
    runs = [learn_actively(given, Logistic(), LeastConfidence(), plan) for given in (table, flipped)]
    assert runs[0].labelled.tolist() == runs[1].labelled.tolist()
    assert [point.kept for point in runs[0].rounds] == [point.kept for point in runs[1].rounds]
    assert runs[0].rounds[-1].test_accuracy != runs[1].rounds[-1].test_accuracy


def test_rounds_are_told_as_they_end() -> None:
    told: list[Round] = []
    learned = learn_actively(parts(), Logistic(), Random(), Plan(10, 10, 2), on_round=told.append)
    assert tuple(told) == learned.rounds


def test_an_initial_set_larger_than_the_pool_is_refused() -> None:
    with pytest.raises(ValueError, match="500 labels from a pool of 400"):
        learn_actively(parts(), Logistic(), Random(), Plan(initial=500))
