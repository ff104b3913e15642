from collections.abc import Mapping

import numpy as np
import pytest

from redshank.active.agreement import SILENT, Answers, agreed, alpha, dawid_skene, majority, pairs, worth
from redshank.core.records import UNSURE, Label


def words(**given: Mapping[str, str]) -> dict[str, dict[str, Label]]:
    """By question, what each annotator said; later names said it later."""
    return {
        question: {who: Label.of(question, "C1", said[who], who, at, "file") for at, who in enumerate(said)}
        for question, said in given.items()
    }


def test_the_majority_counts_and_the_latest_among_equals() -> None:
    said = words(
        q1={"ana": "dos", "ben": "dos", "cas": "benign"},
        q2={"ana": "dos", "ben": "benign"},
        q3={"ana": UNSURE, "ben": "benign"},
        q4={"ana": UNSURE},
    )
    assert agreed(said) == {"q1": ("dos", pytest.approx(2 / 3)), "q2": ("benign", 0.5), "q3": ("benign", 1.0)}
    assert majority([3, 1, 1, 3, 2]) == 3


def test_one_round_of_dawid_skene_is_what_a_hand_finds() -> None:
    """Votes 0 0 1 and 1 1 1. Shares are (2/3, 1/3) and (0, 1), so classes are 1/3 and 2/3 frequent.

    The first two annotators call class 0 always 0, class 1 so in 1/4; the third says 1 whatever is true. The first
    question is then 1/3 against 2/3 * 1/4 * 1/4 = 1/24: 8 to 1.
    """
    found = dawid_skene(np.array([[0, 0, 1], [1, 1, 1]]), 2, rounds=1, smoothing=0)
    assert found.prior == pytest.approx([1 / 3, 2 / 3])
    assert found.confusion == pytest.approx(
        np.array([[[1, 0], [1 / 4, 3 / 4]], [[1, 0], [1 / 4, 3 / 4]], [[0, 1], [0, 1]]])
    )
    assert found.posterior == pytest.approx(np.array([[8 / 9, 1 / 9], [0, 1]]))


def test_planted_confusion_is_recovered_and_beats_the_majority() -> None:
    rng = np.random.default_rng(0)
    truth = rng.choice(3, 800, p=[0.5, 0.3, 0.2])
    good = np.full((3, 3), 0.05) + 0.85 * np.eye(3)
    always_benign = np.array([[0.98, 0.01, 0.01], [0.8, 0.1, 0.1], [0.8, 0.1, 0.1]])
    planted = [good] * 3 + [always_benign] * 3
    given = np.array([[rng.choice(3, p=one[t]) for one in planted] for t in truth])
    given[rng.random(given.shape) < 0.1] = SILENT
    given[(given == SILENT).all(axis=1), 0] = 0
    found = dawid_skene(given, 3)
    assert np.abs(found.confusion - np.stack(planted)).max() < 0.1
    votes = np.array([majority([int(v) for v in row if v != SILENT]) for row in given])
    right = (found.posterior.argmax(axis=1) == truth).mean()
    assert right > 0.88
    assert right > (votes == truth).mean() + 0.15


def test_who_knows_better_wins_against_two_who_do_not() -> None:
    said = {f"q{n}": {"ana": "dos", "ben": "dos", "cas": "benign", "dan": "benign"} for n in range(6)}
    said |= {f"p{n}": {"ana": "benign", "ben": "benign", "cas": "benign", "dan": "dos"} for n in range(6)}
    found = agreed(words(**said), "dawid_skene")
    assert {found[f"q{n}"][0] for n in range(6)} == {"dos"}
    assert {found[f"p{n}"][0] for n in range(6)} == {"benign"}


def test_nobody_said_anything() -> None:
    assert agreed({}) == agreed({}, "dawid_skene") == {}
    assert alpha(np.empty((0, 0), np.int64)) is None
    assert pairs(Answers.of({})) == []


def test_alpha_is_that_of_the_published_example() -> None:
    """Three coders, fifteen units, nominal alpha 0.691: https://en.wikipedia.org/wiki/Krippendorff%27s_alpha."""
    coders = ("*****3412113 3*3", "1*213343*******", "**21344*21133*4")
    given = np.array([[SILENT if c == "*" else int(c) for c in coder.replace(" ", "")] for coder in coders]).T
    assert alpha(given) == pytest.approx(0.691, abs=0.0005)


def test_alpha_is_one_where_all_agree_and_nothing_where_only_one_class_is() -> None:
    assert alpha(np.array([[0, 0], [1, 1]])) == 1.0
    assert alpha(np.array([[0, 0], [0, 0]])) is None


def test_pairs_count_what_both_answered() -> None:
    said = words(q1={"ana": "dos", "ben": "dos"}, q2={"ana": "dos", "ben": "benign"}, q3={"ana": "dos", "cas": UNSURE})
    assert pairs(Answers.of(said)) == [("ana", "ben", 2, 1)]


def test_who_is_often_alone_is_worth_less_and_who_is_never_compared_is_not_told() -> None:
    said = {f"q{n}": {"ana": "dos", "ben": "dos", "cas": "benign"} for n in range(9)}
    said["p"] = {"dan": "dos"}
    (_, many, ana), ben, (_, _, cas), dan = worth(Answers.of(words(**said)))
    assert (many, ben[1], dan) == (9, 9, ("dan", 1, None))
    assert ana is not None
    assert cas is not None
    assert ana > 0.9
    assert cas < 0.1
