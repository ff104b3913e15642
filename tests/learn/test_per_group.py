import json
from dataclasses import asdict

import numpy as np
import pytest

from redshank.data.grouping import Grouping
from redshank.data.parts import MEMBER, OTHER_FAMILY, Part
from redshank.learn.per_group import GroupFigures, per_group

# Three pairs: the first says one thing five times, the second is called attack wrongly, the third attacks.
Y = np.array([0, 0, 0, 0, 1, 1, OTHER_FAMILY])
PREDICTED = np.array([0, 0, 1, 1, 1, 0, 0])
GROUPS = Grouping("host_pair", np.array([0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3]), ("quiet", "loud", "evil", "elsewhere"))
MEMBERS = [(0, 0), (0, 1), (0, 2), (0, 3), (0, 4), (1, 5), (2, 6), (3, 7), (4, 8), (5, 9), (6, 10)]


def part() -> Part:
    n = len(Y)
    return Part(
        np.zeros((n, 1), np.float32), Y, np.ones(n, np.float32), np.arange(n), None, np.array(MEMBERS, dtype=MEMBER)
    )


def figures(resamples: int = 0) -> GroupFigures:
    called = {"argmax": PREDICTED != 0, "0.01": np.array([0, 0, 1, 0, 0, 0, 1], bool)}
    return per_group(part(), PREDICTED, called, GROUPS, 2, resamples=resamples)


def test_each_group_counts_once_in_the_mean_however_much_it_says() -> None:
    found = figures()
    assert (found.by, found.groups, found.benign_groups, found.benign) == ("host_pair", 3, 2, 4)
    assert found.figures["fpr"] == 0.5
    assert found.figures["group_fpr"] == 0.5
    assert found.figures["worst_share"] == 1.0
    assert found.figures["recall"] == pytest.approx(1 / 3)
    assert found.figures["fpr_at_0.01"] == 0.25
    assert found.figures["group_fpr_at_0.01"] == 0.25
    assert found.figures["recall_at_0.01"] == pytest.approx(1 / 3)
    assert found.figures["macro_f1"] == pytest.approx((2 * 2 / (2 * 2 + 2 + 1) + 2 * 1 / (2 * 1 + 2 + 1)) / 2)


def test_the_loudest_group_is_named_first() -> None:
    shown = figures().shown
    assert [one.name for one in shown] == ["loud", "quiet", "evil"]
    assert (shown[0].benign, shown[0].attacks, shown[0].false_alarms) == (2, 0, {"argmax": 2, "0.01": 1})
    assert shown[2].caught == {"argmax": 1, "0.01": 1}
    assert [one.fpr("argmax") for one in shown] == [1.0, 0.0, None]


def test_a_vector_counts_in_every_group_that_has_it() -> None:
    both = Grouping("source", np.array([0, 1, 1]), ("a", "b"))
    shared = Part(
        np.zeros((2, 1), np.float32),
        np.array([0, 0]),
        np.ones(2, np.float32),
        np.array([0, 2]),
        members=np.array([(0, 0), (0, 1), (1, 2)], dtype=MEMBER),
    )
    found = per_group(shared, np.array([1, 0]), {"argmax": np.array([True, False])}, both, 2)
    assert [(one.name, one.benign, one.false_alarms["argmax"]) for one in found.shown] == [("b", 2, 1), ("a", 1, 1)]
    assert found.figures["group_fpr"] == 0.75


def test_without_members_a_row_is_its_own() -> None:
    one = Part(np.zeros((2, 1), np.float32), np.array([0, 1]), np.ones(2, np.float32), np.array([1, 0]))
    found = per_group(
        one, np.array([0, 1]), {"argmax": np.array([False, True])}, Grouping("source", np.array([0, 1]), ("a", "b")), 2
    )
    assert {g.name: (g.benign, g.attacks) for g in found.shown} == {"a": (0, 1), "b": (1, 0)}


def test_intervals_draw_whole_groups_and_are_wider_than_those_over_rows() -> None:
    rng = np.random.default_rng(0)
    n, groups = 4_000, 20
    number = np.arange(n) % groups
    alarm = number == 3  # one pair of twenty makes every false alarm
    y = np.zeros(n, np.int64)
    y[rng.random(n) < 0.1] = 1
    whole = Part(np.zeros((n, 1), np.float32), y, np.ones(n, np.float32), np.arange(n))
    names = tuple(map(str, range(groups)))
    found = per_group(
        whole, alarm.astype(np.int64), {"argmax": alarm}, Grouping("source", number, names), 2, resamples=300, seed=1
    )
    low, high = found.intervals["fpr"] or (1.0, 0.0)
    assert found.figures["fpr"] == pytest.approx(0.05, abs=0.01)
    assert low == 0.0
    assert high > 0.1
    again = per_group(
        whole, alarm.astype(np.int64), {"argmax": alarm}, Grouping("source", number, names), 2, resamples=300, seed=1
    )
    assert again.intervals == found.intervals


def test_a_class_that_one_group_has_is_in_every_resample() -> None:
    # Forty pairs of class 0, ten of class 1, one of class 2; the scarcest is told best.
    kinds = np.repeat([0, 1, 2], [40, 10, 1])
    number = np.repeat(np.arange(51), 10)
    y = kinds[number]
    predicted = np.where((np.arange(510) % 10 < 3) & (y < 2), 1 - y, y)
    whole = Part(np.zeros((510, 1), np.float32), y, np.ones(510, np.float32), np.arange(510))
    groups = Grouping("host_pair", number, tuple(map(str, range(51))))
    found = per_group(whole, predicted, {"argmax": predicted != 0}, groups, 3, resamples=200)
    # Every group of a class errs alike, so the mean does not move; without the class of F1 1 it would be far lower.
    assert found.intervals["macro_f1"] == pytest.approx((found.figures["macro_f1"], found.figures["macro_f1"]))


def test_figures_survive_json() -> None:
    found = figures(resamples=20)
    assert GroupFigures.from_dict(json.loads(json.dumps(asdict(found)))) == found
    assert set(found.intervals) == set(found.figures)


def test_no_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="there are no rows"):
        per_group(part().take(np.array([], np.int64)), PREDICTED[:0], {}, GROUPS, 2)
