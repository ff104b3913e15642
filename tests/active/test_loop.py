from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redshank.active.caps import Admit, Rows
from redshank.active.loop import UNSURE, Answers, Plan, Round, learn_actively
from redshank.active.strategies.least_confidence import LeastConfidence
from redshank.active.strategies.random import Random
from redshank.data.parts import Part
from redshank.detect import calibrate
from redshank.learn.evaluate import evaluate
from redshank.learn.model import Model
from redshank.learn.models.constant import Constant
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
    best = -1.0
    for point in learned.rounds:
        assert point.validation_accuracy is not None
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

    plan = Plan(initial=10, batch=300, rounds=1, fresh_every=0 if warm_start else 1)
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


def test_without_a_gate_every_rounds_weights_are_in_force() -> None:
    table = parts()
    empty = Part(table.test.x[:0], table.test.y[:0], table.test.weight[:0], table.test.row[:0])
    learned = learn_actively(replace(table, validation=empty), Logistic(), Random(), Plan(20, 10, 3, gate=False))
    assert [(point.kept, point.validation_accuracy) for point in learned.rounds] == [(True, None)] * 4
    assert learned.validation_labels == 0


def test_answers_arrive_late_and_none_is_lost() -> None:
    plan = Plan(initial=20, batch=10, rounds=6, gate=False, late=2)
    learned = learn_actively(parts(), Logistic(), Random(), plan)
    assert [point.asked for point in learned.rounds] == [20, 20, 20, 30, 40, 50, 60]
    small = learn_actively(parts(rows=40), Logistic(), Random(), replace(plan, rounds=20))
    assert small.rounds[-1].labels == 40


def test_an_unsure_answer_costs_a_question_and_gives_no_label() -> None:
    table = parts()

    def hesitant(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        return np.where(rows % 2 == 0, UNSURE, table.train.y[rows])

    learned = learn_actively(table, Logistic(), Random(), Plan(40, 20, 4, gate=False), analyst=hesitant)
    assert [point.asked for point in learned.rounds] == [40, 60, 80, 100, 120]
    assert learned.rounds[-1].labels == len(learned.labelled) < 120
    assert (learned.labelled % 2 == 1).all()


@given(
    told=st.lists(
        st.lists(st.tuples(st.integers(0, 5), st.integers(UNSURE, 2)), max_size=8, unique_by=lambda pair: pair[0]),
        max_size=6,
    )
)
def test_a_label_is_the_most_frequent_answer_and_the_latest_among_equals(told: list[list[tuple[int, int]]]) -> None:
    answers = Answers()
    given_to: dict[int, list[int]] = {}
    for batch in told:
        answers.take(np.array([row for row, _ in batch], np.int64), np.array([one for _, one in batch], np.int64))
        for row, one in batch:
            given_to.setdefault(row, []).append(one)
    rows, labels = answers.labels()
    assert answers.asked == sum(map(len, told))
    expected = {}
    for row, heard in given_to.items():
        sure = [one for one in heard if one != UNSURE]
        if sure:
            most = max(sure.count(one) for one in sure)
            expected[row] = next(one for one in reversed(sure) if sure.count(one) == most)
    assert dict(zip(rows.tolist(), labels.tolist(), strict=True)) == expected


def test_labels_in_doubt_are_asked_again_and_wait_for_it() -> None:
    table = parts()
    wrong = np.random.default_rng(3).permutation(len(table.train))[:100][:10]  # ten of the initial answers
    times: dict[int, int] = {}

    def careless(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        given = table.train.y[rows].copy()
        for i, row in enumerate(rows.tolist()):
            times[row] = times.get(row, 0) + 1
            if row in wrong and times[row] == 1:
                given[i] = (given[i] + 1) % 3
        return given

    def knows(rows: Rows, y: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.float32]:
        del seed
        return np.asarray(table.train.y[rows] != y, np.float32)

    plan = Plan(initial=100, batch=10, rounds=8, gate=False, recheck=0.5)
    learned = learn_actively(table, Logistic(), Random(), plan, seed=3, analyst=careless, doubt=knows)
    assert all(times[row] >= 2 for row in wrong.tolist())
    assert all(count <= 3 for count in times.values())
    assert learned.rounds[-1].asked == 180
    assert learned.rounds[-1].labels == 180 - sum(count - 1 for count in times.values())


def test_a_row_is_confirmed_by_two_answers_that_agree_and_a_majority() -> None:
    answers = Answers()
    said = {1: [0], 2: [0, 0], 3: [0, 1], 4: [0, 1, 0], 5: [UNSURE, UNSURE], 6: [1, UNSURE, 1], 7: [0, 0, 1, 1]}
    for row, given_to_it in said.items():
        for one in given_to_it:
            answers.take(np.array([row]), np.array([one]))
    assert [row for row in said if answers.confirmed(row)] == [2, 4, 6]


def test_a_label_that_was_confirmed_is_trained_on_and_not_asked_again_whatever_is_doubted() -> None:
    table = parts()
    times: dict[int, int] = {}

    def honest(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        for row in rows.tolist():
            times[row] = times.get(row, 0) + 1
        return table.train.y[rows]

    def doubts_all(rows: Rows, y: npt.NDArray[np.int64], seed: int) -> npt.NDArray[np.float32]:
        del y
        return np.full(len(rows), 0.4 if seed % 100_003 == 0 else 0.9, np.float32)

    plan = Plan(initial=20, batch=20, rounds=4, gate=False, recheck=1.0)
    learn_actively(table, Logistic(), Random(), plan, analyst=honest, doubt=doubts_all)
    assert sorted(times.values()) == [1] * 20 + [2] * 40


def test_a_proposer_asks_in_place_of_the_model() -> None:
    table, plan = parts(), Plan(initial=20, batch=10, rounds=3)
    asked = learn_actively(table, Constant(), LeastConfidence(), plan, proposer=Logistic()).labelled
    alone = learn_actively(table, Logistic(), LeastConfidence(), replace(plan, gate=False)).labelled
    by_itself = learn_actively(table, Constant(), LeastConfidence(), plan).labelled
    assert asked.tolist()[20:30] == alone.tolist()[20:30] != by_itself.tolist()[20:30]


def test_questions_that_may_not_be_asked_are_not() -> None:
    class Even(Admit):
        def __call__(self, rows: Rows, size: int) -> Rows:
            even: Rows = rows[rows % 2 == 0]
            return even[:size]

    plan = Plan(initial=20, batch=10, rounds=3)
    learned = learn_actively(parts(), Logistic(), Random(), plan, admit=Even())
    assert (learned.labelled[20:] % 2 == 0).all()


def test_borrowed_rows_are_trained_on_and_are_no_labels() -> None:
    table = parts()

    def everything(model: Model, x: Any, y: Any, rest: npt.NDArray[np.float32], seed: int) -> tuple[Any, Any, Any]:
        del model, seed
        assert len(x) == len(y) == 30
        return np.arange(len(rest)), np.full(len(rest), 2), np.full(len(rest), 50, np.float32)

    learned = learn_actively(table, Logistic(), Random(), Plan(20, 10, 1, gate=False), borrow=everything)
    assert learned.rounds[-1].labels == 30
    assert (learned.model.predict_proba(table.test.x).argmax(axis=1) == 2).mean() > 0.9


def test_a_loop_ends_when_it_is_told_to_stop() -> None:
    learned = learn_actively(parts(), Logistic(), Random(), Plan(20, 10, 9), stop=lambda rounds: rounds[-1].asked >= 40)
    assert [point.asked for point in learned.rounds] == [20, 30, 40]


def test_rounds_grow_with_the_answers_in_whole_batches() -> None:
    plan = Plan(initial=20, batch=10, rounds=5, gate=False, growth=0.5)
    learned = learn_actively(parts(), Logistic(), Random(), plan)
    assert [one.asked for one in learned.rounds] == [20, 30, 40, 60, 90, 130]
