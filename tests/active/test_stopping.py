import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions import questions
from redshank.active.gain import Cost, Outlook
from redshank.active.loop import WATCHED, Plan, Round, learn_actively
from redshank.active.stopping import AHEAD, NEXT, SHARE, WINDOW, Stopping, gain, moved, outlook
from redshank.active.strategies.random import Random
from redshank.active.told import Told
from redshank.learn.model import Floats
from tables import Logistic, parts

CLASSES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=30)


def _round(asked: int, said: list[int]) -> Round:
    return Round(asked, asked, True, None, 0.5, 0.5, 2, bytes(said))


@given(pairs=CLASSES)
def test_a_model_moves_by_0_to_1_and_not_at_all_if_it_says_the_same(pairs: list[tuple[int, int]]) -> None:
    before, now = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    assert 0 <= moved(before, now, 4) <= 1
    assert moved(now, now, 4) == 0
    assert (moved(before, now, 4) == 0) == (before.tolist() == now.tolist())


def test_a_rare_family_that_is_found_moves_as_much_as_a_frequent_one() -> None:
    before = np.zeros(1000, np.int64)
    rare, frequent = before.copy(), before.copy()
    rare[:5] = 1
    frequent[:500] = 1
    assert moved(before, rare, 2) == pytest.approx(0.5, abs=0.01)
    assert moved(before, frequent, 2) == pytest.approx(0.67, abs=0.01)


@pytest.mark.parametrize("answers", [1, 20, 70, 200, 5000])
def test_gain_lies_in_its_interval_and_is_more_for_a_model_that_moves_more(answers: int) -> None:
    still, slow, fast = (gain(change, 400, 200, answers) for change in (0.0, 0.02, 0.2))
    assert still.low == still.expected == still.high == 0
    assert slow.low < slow.expected < slow.high < 100
    assert slow.expected < fast.expected


def test_the_expected_gain_is_the_share_of_the_law() -> None:
    # 200 of 400 answers ago is one doubling, and 400 more are another.
    found = gain(0.09 * math.log(2), 400, since=200, answers=400)
    assert found.expected == pytest.approx(100 * SHARE * 0.3 * math.log(2))


def test_few_answers_may_lose_what_many_gain() -> None:
    few, many = (gain(0.05, 400, 200, answers) for answers in (AHEAD[0], AHEAD[-1]))
    assert few.low < 0 < many.low


@pytest.mark.parametrize(
    ("asked", "since", "answers", "told"),
    [
        (400, 100, 0, "0 answers ahead, 100 of 400 back"),
        (400, 0, 20, "20 answers ahead, 0 of 400 back; allowed is 1 or more, and 1 to 399"),
        (400, 400, 20, "20 answers ahead, 400 of 400 back"),
    ],
)
def test_numbers_of_answers_that_do_not_fit_are_refused(asked: int, since: int, answers: int, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        gain(0.1, asked, since, answers)


def test_nothing_is_said_before_there_is_something_to_look_back_on() -> None:
    stopping = Stopping(answers=100, points=50.0, n_classes=2)
    rounds = [_round(20, [0, 1]), _round(60, [0, 1]), _round(119, [0, 1])]
    assert stopping.look(rounds) is None
    assert not stopping(rounds)
    assert stopping([*rounds, _round(120, [0, 1])])


def test_it_looks_back_on_the_oldest_round_within_the_window() -> None:
    rounds = [_round(100, [0, 0]), _round(200, [1, 1]), _round(300, [0, 1]), _round(400, [0, 1])]
    now = np.array([0, 1])
    found = Stopping(answers=100, points=0.1, n_classes=2).look(rounds)
    assert found == gain(moved(np.array([1, 1]), now, 2), 400, since=WINDOW, answers=100)


def test_a_loop_goes_on_while_answers_move_the_model_and_stops_when_they_do_not() -> None:
    table, plan = parts(), Plan(initial=20, batch=20, rounds=15, gate=False)
    dear = Cost(answer=1.0, point=0.01).points(100)  # no gain is worth that
    cheap = Cost(answer=0.0, point=1.0).points(100)
    ends = []
    for points in (cheap, dear):
        stop = Stopping(answers=100, points=points, n_classes=3)
        rounds = learn_actively(table, Logistic(), Random(), plan, stop=stop).rounds
        assert all(len(one.said) == min(WATCHED, len(table.train)) for one in rounds)
        ends.append(rounds[-1].asked)
    assert ends == [320, 120]


def test_what_is_looked_at_is_what_the_weights_in_force_say_of_the_same_rows() -> None:
    table = parts()
    learned = learn_actively(table, Logistic(), Random(), Plan(20, 20, 4), stop=lambda rounds: len(rounds) > 9)
    kept = [one.kept for one in learned.rounds]
    assert False in kept[1:]
    for before, now in zip(learned.rounds, learned.rounds[1:], strict=False):
        assert now.kept or before.said == now.said
    counts = np.bincount(np.frombuffer(learned.rounds[-1].said, np.uint8), minlength=3)
    assert counts.tolist() == np.bincount(learned.model.predict_proba(table.train.x).argmax(axis=1)).tolist()


def _site(drawn: int, by_doubt: int) -> Told:
    """Return questions that chance drew, then others; their one feature says which they are."""
    asked = [
        *questions(("dos",) * drawn, seed=1, at_random=True),
        *questions(("dos",) * by_doubt, seed=2),
    ]
    number = len(asked)
    x = np.repeat([[0.0], [1.0]], [drawn, by_doubt], axis=0).astype(np.float32)
    return Told(tuple(asked), x, ("dos",) * number, np.ones(number, np.float32), ((),) * number, 0)


def _before(x: Floats) -> Floats:
    return np.tile(np.array([1, 0], np.float32), (len(x), 1))


def _now(x: Floats) -> Floats:
    """Call half of the rows that chance drew something else, and all others."""
    other = np.where(x[:, 0] == 0, np.arange(len(x)) % 2 == 0, x[:, 0] == 1)
    return np.stack([~other, other], axis=1).astype(np.float32)


def test_the_outlook_of_a_site_rests_on_what_chance_drew_if_that_is_enough() -> None:
    trained = np.arange(120, 320)
    found = outlook(_site(120, 300), trained, 100, _before, _now, 2)
    half = np.arange(120) % 2
    assert found == Outlook(gain(moved(half * 0, half, 2), 200, 100, NEXT), "120 questions that chance drew")
    few = outlook(_site(99, 301), trained, 100, _before, _now, 2)
    assert few.because == "200 questions, most chosen by doubt: too much"
    assert few.gain is not None
    assert found.gain is not None
    assert few.gain.expected > found.gain.expected
    assert outlook(_site(0, 700), np.arange(500), 200, _before, _now, 2).because.endswith(
        "; looked back over 300 labels, the curves over 100 to 200"
    )


@pytest.mark.parametrize(
    ("trained", "used", "why"),
    [
        (200, 0, "the champion was trained on no labels"),
        (200, 101, "99 labels more than the champion's; 100 are the fewest"),
        (201, 100, "99 questions that nobody trained on are too few"),
    ],
)
def test_an_outlook_that_cannot_be_known_says_why(trained: int, used: int, why: str) -> None:
    found = outlook(_site(0, 300), np.arange(trained), used, _before, _now, 2)
    assert found.gain is None
    assert found.because.startswith(why)
    assert found.facts(Cost(1, 1)) == {"unknown": found.because}
