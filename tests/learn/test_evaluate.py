import json
import math
import re
from dataclasses import asdict, replace

import numpy as np
import pytest

from redshank.data.parts import MINORITY, OTHER_FAMILY, Part
from redshank.detect.calibrate import Calibration
from redshank.learn.evaluate import evaluate
from redshank.learn.evaluation import ARGMAX, Evaluation

CLASSES = ("benign", "dos", "scanning")


def part(y: list[int], weight: list[float] | None = None) -> Part:
    n = len(y)
    weights = np.ones(n, np.float32) if weight is None else np.array(weight, dtype=np.float32)
    return Part(np.zeros((n, 1), np.float32), np.array(y, dtype=np.int64), weights, np.arange(n))


def calibration(benign_rows: int = 1000, classes: int = 2, **thresholds: float) -> Calibration:
    by_rate = {name.replace("r", "0."): tau for name, tau in thresholds.items()}
    return Calibration(1.0, by_rate, [0.1, 0.2], benign_rows, [[0.5]] * classes, 0.01)


def scores(*attack: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Return binary probabilities with these attack scores."""
    return np.array([[1 - s, s] for s in attack], dtype=np.float32)


def test_four_rows_by_hand() -> None:
    found = evaluate(
        scores(0.1, 0.7, 0.6, 0.95), part([0, 0, 1, 1]), ("benign", "attack"), calibration(r05=0.9, r01=math.inf)
    )
    assert found.vector.confusion == ((1.0, 1.0), (0.0, 2.0))
    assert found.vector.headline["accuracy"] == 0.75
    assert found.vector.headline["fpr"] == 0.5
    assert found.vector.headline["recall"] == 1.0
    assert found.vector.headline["recall_at_0.05"] == 0.5
    assert found.vector.headline["fpr_at_0.05"] == 0.0
    # pairs of attack over benign: 0.6 > 0.1, 0.95 > 0.1, 0.95 > 0.7 won, 0.6 < 0.7 lost
    assert found.vector.headline["roc_auc"] == 0.75
    assert found.vector.headline["brier"] == pytest.approx((0.01 + 0.49 + 0.16 + 0.0025) / 4, abs=1e-6)


def test_a_decision_says_what_it_costs_in_a_day() -> None:
    found = evaluate(
        scores(0.1, 0.7, 0.6, 0.95), part([0, 0, 1, 1]), ("benign", "attack"), calibration(r05=0.9), flows_per_s=10
    )
    argmax, at = found.vector.decisions
    assert (argmax.rule, argmax.threshold, argmax.false_alarms, argmax.benign) == (ARGMAX, None, 1, 2)
    assert argmax.alerts_per_day == 0.5 * 10 * 86_400
    # recall 1, FPR 0.5, one attack in a hundred flows
    assert argmax.bayes_precision["0.01"] == pytest.approx(0.01 / (0.01 + 0.5 * 0.99))
    assert argmax.fpr_low == pytest.approx(1 - 0.975**0.5)
    assert argmax.fpr_high == pytest.approx(0.975**0.5)
    assert (at.fpr, at.recall, at.alerts_per_day) == (0.0, 0.5, 0.0)
    assert at.bayes_precision["0.001"] == 1.0
    assert (at.bayes_precision_low["0.001"] or 1) < 0.001, "no false alarm among 2 rows proves next to nothing"


def test_too_few_benign_rows_are_named() -> None:
    few = evaluate(scores(*[0.1] * 40, 0.9), part([0] * 40 + [1]), ("benign", "attack"), calibration(r05=0.5))
    assert few.vector.decisions[1].certified is False
    assert few.vector.decisions[1].note == "too few benign rows to certify: 40, about 60 are needed"
    enough = evaluate(scores(*[0.1] * 60, 0.9), part([0] * 60 + [1]), ("benign", "attack"), calibration(r05=0.5))
    assert enough.vector.decisions[1].certified is True
    assert enough.vector.decisions[1].note == ""


def test_a_rate_without_threshold_has_no_figures_and_says_why() -> None:
    found = evaluate(scores(0.1, 1.0), part([0, 1]), ("benign", "attack"), calibration(30, r05=0.5, r01=math.inf))
    decision = found.vector.decisions[2]
    assert (decision.rule, decision.threshold, decision.false_alarms, decision.certified) == ("0.01", None, 0, False)
    assert decision.note == "no threshold: 30 benign calibration rows are too few for this rate"
    unknowable = (decision.fpr, decision.fpr_low, decision.fpr_high, decision.recall, decision.alerts_per_day)
    assert unknowable == (None,) * 5, "a recall of 0 would be averaged over seeds as if it had been measured"
    assert set(decision.bayes_precision.values()) == {None}
    assert (found.vector.headline["recall_at_0.01"], found.vector.headline["fpr_at_0.01"]) == (None, None)
    assert found.families[1].recall == {"argmax": 1.0, "0.05": 1.0, "0.01": None}


def test_rows_are_counted_once_and_then_by_their_weight() -> None:
    found = evaluate(scores(0.1, 0.7, 0.9), part([0, 0, 1], [9, 1, 10]), ("benign", "attack"), calibration(r05=0.6))
    assert found.vector.headline["fpr"] == 0.5
    assert found.row.headline["fpr"] == pytest.approx(0.1)
    assert (found.vector.rows, found.row.rows) == (3, 20)
    assert found.row.decisions[0].fpr_low is None, "copies of one vector are no independent trials"


def test_a_row_counts_as_what_it_is_even_where_most_rows_of_its_vector_are_something_else() -> None:
    # Ten rows of one vector, two of them benign, are called attack; five of another, one of them an attack, are not.
    mixed = part([1, 0], [10, 5])
    minority = np.array([(0, 0, 2), (1, 1, 1)], dtype=MINORITY)
    found = evaluate(scores(0.9, 0.1), replace(mixed, minority=minority), ("benign", "attack"), calibration(r05=0.6))
    assert (found.vector.headline["fpr"], found.vector.headline["recall"]) == (0.0, 1.0)
    assert found.row.confusion == ((4.0, 2.0), (1.0, 8.0))
    assert found.row.rows == 15
    assert found.row.headline["fpr_at_0.05"] == pytest.approx(2 / 6)
    assert found.row.headline["recall_at_0.05"] == pytest.approx(8 / 9)


def test_a_class_that_is_never_predicted_has_no_precision() -> None:
    probabilities = np.array([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.6, 0.2, 0.2]], dtype=np.float32)
    found = evaluate(probabilities, part([0, 1, 2]), CLASSES, calibration(classes=3))
    scanning = found.vector.classes[2]
    assert (scanning.support, scanning.precision, scanning.recall) == (1, None, 0.0)
    # F1: benign 2/3, dos 1, scanning 0
    assert found.vector.headline["macro_f1"] == pytest.approx((2 / 3 + 1 + 0) / 3)


def test_only_benign_rows_leave_recall_and_areas_unknown() -> None:
    found = evaluate(scores(0.1, 0.2), part([0, 0]), ("benign", "attack"), calibration(r05=0.9))
    assert found.vector.headline["recall"] is None
    assert found.vector.headline["roc_auc"] is None
    assert found.vector.headline["mcc"] is None
    assert found.roc == ()
    assert found.pr == ()
    assert found.unknown["attack"] is None


def test_detection_is_reported_per_family() -> None:
    found = evaluate(
        scores(0.1, 0.2, 0.8, 0.6, 0.3),
        part([0, 0, 1, 1, 1]),
        ("benign", "attack"),
        calibration(r05=0.7),
        families=["benign", "benign", "dos", "dos", "xss"],
    )
    assert [(f.name, f.support) for f in found.families] == [("benign", 2), ("dos", 2), ("xss", 1)]
    assert found.families[1].recall == {"argmax": 1.0, "0.05": 0.5}
    assert found.families[2].recall == {"argmax": 0.0, "0.05": 0.0}
    assert all(f.known for f in found.families)


def test_an_attack_of_another_family_counts_only_as_attack() -> None:
    probabilities = np.array([[0.9, 0.05, 0.05], [0.1, 0.9, 0.0], [0.2, 0.8, 0.0]], dtype=np.float32)
    found = evaluate(
        probabilities, part([0, 1, OTHER_FAMILY]), CLASSES, calibration(classes=3), families=["benign", "dos", "xss"]
    )
    assert sum(map(sum, found.vector.confusion)) == 2
    assert found.vector.headline["accuracy"] == 1.0
    assert found.vector.decisions[0].recall == 1.0
    assert [(f.name, f.known) for f in found.families] == [("benign", True), ("dos", True), ("xss", False)]


def test_without_families_the_classes_are_the_families() -> None:
    probabilities = np.full((3, 3), 1 / 3, dtype=np.float32)
    found = evaluate(probabilities, part([0, 2, OTHER_FAMILY]), CLASSES, calibration(classes=3))
    assert [f.name for f in found.families] == ["benign", "(other)", "scanning"]


def test_bootstrap_intervals_hold_the_figure_and_repeat_by_seed() -> None:
    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 300)
    s = np.clip(0.3 + 0.4 * y + rng.normal(0, 0.25, 300), 0.01, 0.99)
    judged = [
        evaluate(scores(*s), part(y.tolist()), ("benign", "attack"), calibration(r05=0.8), resamples=100, seed=seed)
        for seed in (3, 3, 4)
    ]
    assert judged[0].intervals == judged[1].intervals
    assert judged[0].intervals != judged[2].intervals
    for name in ("accuracy", "macro_f1", "roc_auc", "pr_auc", "recall_at_0.05"):
        low, high = judged[0].intervals[name] or (1, 0)
        value = judged[0].vector.headline[name]
        assert value is not None
        assert low < value < high
        assert high - low < 0.25


def test_curves_start_and_end_where_they_must() -> None:
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 5000)
    s = np.clip(0.4 + 0.2 * y + rng.normal(0, 0.15, 5000), 0.01, 0.99)
    found = evaluate(scores(*s), part(y.tolist()), ("benign", "attack"), calibration())
    assert found.roc[0][0] == 0.0
    assert found.roc[-1] == (1.0, 1.0)
    assert found.pr[-1][0] == 1.0
    assert len(found.roc) <= 170
    assert list(found.roc) == sorted(found.roc)
    # the few points kept must still show the area: trapezoid under them against the exact one
    x, r = np.array(found.roc).T
    assert np.trapezoid(r, x) == pytest.approx(found.vector.headline["roc_auc"], abs=0.005)


def test_json_round_trip_has_no_nan() -> None:
    found = evaluate(
        scores(0.1, 0.7, 0.6), part([0, 0, 1]), ("benign", "attack"), calibration(r05=0.9, r01=math.inf), resamples=20
    )
    assert Evaluation.from_dict(json.loads(json.dumps(asdict(found), allow_nan=False))) == found


@pytest.mark.parametrize(("shape", "rows"), [((2, 2), 3), ((3, 3), 3), ((0, 2), 0)])
def test_wrong_shapes_are_refused(shape: tuple[int, int], rows: int) -> None:
    with pytest.raises(ValueError, match=re.escape(f"probabilities {shape}, wanted ({rows}, 2)")):
        evaluate(np.full(shape, 0.5, np.float32), part([0] * rows), ("benign", "attack"), calibration())


def test_a_probability_that_is_not_finite_is_named() -> None:
    with pytest.raises(ValueError, match="row 1 is not finite"):
        evaluate(scores(0.1, math.nan), part([0, 1]), ("benign", "attack"), calibration())
