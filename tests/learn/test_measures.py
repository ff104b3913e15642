"""Each expected number is computed by hand beside it, or by scikit-learn or scipy as an independent implementation."""

import math

import numpy as np
import numpy.typing as npt
import pytest
import sklearn.metrics as other
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.learn import measures
from redshank.learn.measures import Bin, Doubles, Ranking

# 10 benign: 8 called benign, 2 dos. 5 dos: 4 called dos, 1 benign. No scan, 1 row called scan would be wrong anyway.
MATRIX = np.array([[8.0, 2.0, 0.0], [1.0, 4.0, 0.0], [0.0, 0.0, 0.0]])
CLASSES = ("benign", "dos", "scanning")


def test_figures_of_a_class_are_read_off_the_confusion_matrix() -> None:
    benign, dos, scanning = measures.per_class(MATRIX, CLASSES)
    assert (benign.support, benign.precision, benign.recall) == (10, 8 / 9, 0.8)
    assert benign.specificity == 4 / 5
    assert benign.f1 == pytest.approx(2 * (8 / 9) * 0.8 / (8 / 9 + 0.8))
    assert (dos.support, dos.precision, dos.recall, dos.specificity) == (5, 4 / 6, 0.8, 0.8)
    assert (scanning.support, scanning.precision, scanning.recall, scanning.f1) == (0, None, None, None)
    assert scanning.specificity == 1.0


def test_macro_f1_is_over_the_classes_that_occur() -> None:
    f1 = [16 / 19, 8 / 11]
    assert measures.macro_f1(MATRIX) == pytest.approx(sum(f1) / 2)
    assert measures.balanced_accuracy(MATRIX) == pytest.approx(0.8)
    assert measures.accuracy(MATRIX) == pytest.approx(12 / 15)


def test_matthews_correlation_of_two_classes_is_the_textbook_formula() -> None:
    tn, fp, fn, tp = 8, 2, 1, 4
    by_hand = (tp * tn - fp * fn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    assert measures.mcc(MATRIX) == pytest.approx(by_hand)


@pytest.mark.parametrize(
    "matrix", [np.zeros((2, 2)), np.array([[3.0, 0.0], [2.0, 0.0]]), np.array([[3.0, 1.0], [0, 0]])]
)
def test_a_correlation_with_a_constant_is_unknown_not_zero(matrix: Doubles) -> None:
    assert measures.mcc(matrix) is None


def test_without_rows_nothing_is_known() -> None:
    empty = np.zeros((2, 2))
    assert measures.accuracy(empty) is measures.macro_f1(empty) is measures.balanced_accuracy(empty) is None
    nobody: npt.NDArray[np.bool_] = np.zeros(0, dtype=bool)
    hits, alarms = Ranking.of(nobody, np.zeros(0)).steps(np.zeros(0))
    assert measures.roc_auc(hits, alarms) is measures.pr_auc(hits, alarms) is None
    assert measures.fpr_at_recall(hits, alarms, 0.99) is None
    assert measures.reliability(nobody, np.zeros(0), np.zeros(0)) == ()
    assert measures.calibration_error(()) is measures.brier(nobody, np.zeros(0), np.zeros(0)) is None
    assert measures.clopper_pearson(0, 0) is None


def test_areas_are_unknown_when_only_one_side_occurs() -> None:
    for attack in (np.ones(3, dtype=bool), np.zeros(3, dtype=bool)):
        hits, alarms = Ranking.of(attack, np.array([0.1, 0.2, 0.3])).steps(np.ones(3))
        assert measures.roc_auc(hits, alarms) is measures.pr_auc(hits, alarms) is None
        assert measures.fpr_at_recall(hits, alarms, 0.99) is None


def test_roc_area_counts_pairs_in_the_right_order_and_ties_as_half() -> None:
    # attacks score 0.9, 0.5; benign 0.5, 0.1: pairs won 0.9>0.5, 0.9>0.1, 0.5>0.1, tied 0.5=0.5: 3.5 of 4
    ranking = Ranking.of(np.array([True, True, False, False]), np.array([0.9, 0.5, 0.5, 0.1]))
    assert measures.roc_auc(*ranking.steps(np.ones(4))) == 3.5 / 4
    # thresholds 0.9: precision 1, recall 1/2; 0.5: precision 2/3, recall 1
    assert measures.pr_auc(*ranking.steps(np.ones(4))) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_the_false_alarm_rate_at_a_recall_is_that_of_the_strictest_threshold_that_reaches_it() -> None:
    # descending: attack, benign, attack (tied with a benign), benign: recall 0.5 at rate 0, recall 1 at rate 2/3
    ranking = Ranking.of(np.array([True, False, True, False, False]), np.array([0.9, 0.8, 0.7, 0.7, 0.1]))
    steps = ranking.steps(np.ones(5))
    assert [measures.fpr_at_recall(*steps, recall) for recall in (0.4, 0.5, 0.51, 1.0)] == [0, 0, 2 / 3, 2 / 3]


@st.composite
def weighted_scores(draw: st.DrawFn) -> tuple[npt.NDArray[np.bool_], Doubles, Doubles]:
    rows = draw(st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(1, 4)), min_size=2, max_size=40))
    attack, scores, weight = zip(*rows, strict=True)
    return np.array(attack), np.array(scores) / 6, np.array(weight, dtype=np.float64)


@settings(max_examples=examples(60), deadline=None)
@given(weighted_scores())
def test_areas_agree_with_scikit_learn(rows: tuple[npt.NDArray[np.bool_], Doubles, Doubles]) -> None:
    attack, scores, weight = rows
    steps = Ranking.of(attack, scores).steps(weight)
    if attack.all() or not attack.any():
        assert measures.roc_auc(*steps) is None
        return
    assert measures.roc_auc(*steps) == pytest.approx(other.roc_auc_score(attack, scores, sample_weight=weight))
    assert measures.pr_auc(*steps) == pytest.approx(other.average_precision_score(attack, scores, sample_weight=weight))
    rates, recalls, _ = other.roc_curve(attack, scores, sample_weight=weight, drop_intermediate=False)
    assert measures.fpr_at_recall(*steps, 0.7) == pytest.approx(rates[recalls >= 0.7].min())


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60))
def test_measures_of_a_matrix_agree_with_scikit_learn(rows: list[tuple[int, int]]) -> None:
    y, predicted = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    matrix = measures.confusion(y, predicted, np.ones(len(y)), 4)
    there = np.unique(y)
    assert matrix.tolist() == other.confusion_matrix(y, predicted, labels=range(4)).tolist()
    expected = other.f1_score(y, predicted, labels=there, average="macro", zero_division=0.0)
    assert measures.macro_f1(matrix) == pytest.approx(expected)
    assert measures.accuracy(matrix) == pytest.approx(other.accuracy_score(y, predicted))
    correlation = measures.mcc(matrix)
    if correlation is not None:
        assert correlation == pytest.approx(other.matthews_corrcoef(y, predicted))
    else:
        assert len(there) == 1 or len(np.unique(predicted)) == 1


def test_clopper_pearson_agrees_with_published_values() -> None:
    # 0 of 10 and 10 of 10: 1 - 0.025^(1/10) = 0.3085 by hand; 4 of 20: 0.0573 to 0.4366, Newcombe 1998, method 5.
    assert measures.clopper_pearson(0, 10) == pytest.approx((0.0, 1 - 0.025**0.1))
    assert measures.clopper_pearson(10, 10) == pytest.approx((0.025**0.1, 1.0))
    assert measures.clopper_pearson(4, 20) == pytest.approx((0.0573, 0.4366), abs=1e-4)


def test_calibration_error_is_the_mean_gap_between_promise_and_outcome() -> None:
    # 10 rows promised 0.2 of which 4 are attacks, 10 promised 0.9 of which 9 are: (10 * 0.2 + 10 * 0.0) / 20
    attack = np.array([True] * 4 + [False] * 6 + [True] * 9 + [False])
    scores = np.array([0.2] * 10 + [0.9] * 10)
    bins = measures.reliability(attack, scores, np.ones(20))
    assert [(b.rows, b.attacks) for b in bins] == [(10, 0.4), (10, 0.9)]
    assert measures.calibration_error(bins) == pytest.approx(0.1)


def test_bins_have_equal_mass_and_do_not_depend_on_the_order_of_rows() -> None:
    rng = np.random.default_rng(5)
    scores = rng.random(1500)
    attack = rng.random(1500) < scores
    bins = measures.reliability(attack, scores, np.ones(1500))
    assert [b.rows for b in bins] == [100.0] * 15
    shuffled = rng.permutation(1500)
    again = measures.reliability(attack[shuffled], scores[shuffled], np.ones(1500))
    assert [(b.rows, b.attacks) for b in again] == [(b.rows, b.attacks) for b in bins]


def test_a_model_with_one_score_fills_one_bin() -> None:
    assert measures.reliability(np.array([True, False]), np.array([0.5, 0.5]), np.ones(2)) == (Bin(0.5, 0.5, 2.0),)


def test_brier_is_the_mean_squared_distance() -> None:
    found = measures.brier(np.array([True, False]), np.array([0.9, 0.5]), np.array([1.0, 3.0]))
    assert found == pytest.approx((0.1**2 + 3 * 0.5**2) / 4)


def test_bayes_precision_is_bayes_theorem() -> None:
    assert measures.bayes_precision(0.9, 0.01, 0.01) == pytest.approx(0.009 / (0.009 + 0.0099))
    assert measures.bayes_precision(0.0, 0.0, 0.01) is None
    assert measures.bayes_precision(None, 0.0, 0.01) is measures.bayes_precision(0.5, None, 0.01) is None


def test_t_interval_agrees_with_the_table() -> None:
    # t(0.975, 2) = 4.303 by any table; the standard error of 1, 2, 3 is 1 / sqrt(3)
    reach = 4.3027 / math.sqrt(3)
    assert measures.t_interval([1.0, 2.0, 3.0]) == pytest.approx((2 - reach, 2 + reach), abs=1e-3)
    assert measures.t_interval([0.5]) is None


def test_percentiles_are_unknown_when_a_resample_is() -> None:
    assert measures.percentiles([0.1, None, 0.3]) is None
    assert measures.percentiles([]) is None
    assert measures.percentiles(list(np.linspace(0, 1, 401))) == pytest.approx((0.025, 0.975))
