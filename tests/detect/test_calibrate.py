import json
import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.detect import calibrate
from redshank.detect.calibrate import Calibration


def softmax(z: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p: npt.NDArray[np.float32] = (e / e.sum(axis=1, keepdims=True)).astype(np.float32)
    return p


def world(
    n: int, seed: int, k: int = 3, sharpness: float = 1.0
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Rows whose classes are drawn from the very probabilities, then sharpened: the right temperature is known."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1.5, (n, k))
    y = np.array([rng.choice(k, p=row / row.sum()) for row in softmax(z).astype(np.float64)], dtype=np.int64)
    return softmax(z * sharpness), y


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_temperature_undoes_the_sharpness_of_the_model(sharpness: float) -> None:
    probabilities, y = world(6000, seed=1, sharpness=sharpness)
    found = calibrate.fit(probabilities, y)
    assert found.temperature == pytest.approx(sharpness, rel=0.1)


def test_temperature_stays_within_its_bounds_when_every_row_is_right() -> None:
    y = np.array([0, 1] * 50, dtype=np.int64)
    probabilities = np.where(y[:, None] == np.array([0, 1]), 0.9, 0.1).astype(np.float32)
    assert calibrate.fit(probabilities, y).temperature == pytest.approx(calibrate.TEMPERATURES[0], rel=1e-3)


def test_calibrated_rows_sum_to_one_and_keep_their_order() -> None:
    probabilities, y = world(500, seed=2, sharpness=2.0)
    scaled = calibrate.calibrated(calibrate.fit(probabilities, y), probabilities)
    assert scaled.sum(axis=1) == pytest.approx(np.ones(500))
    assert (scaled.argmax(axis=1) == probabilities.argmax(axis=1)).all()


def benign_only(n: int, seed: int) -> npt.NDArray[np.float32]:
    score = np.random.default_rng(seed).beta(0.5, 4.0, n)
    return np.stack([1 - score, score], axis=1).astype(np.float32)


@pytest.mark.parametrize("rate", [0.05, 0.01])
def test_false_alarm_rate_reached_on_exchangeable_benign_flows_is_within_binomial_bounds(rate: float) -> None:
    # 40 calibrations of 1,999 rows: each threshold's true rate has mean exactly `rate` for scores without ties, so
    # 40 x 2,000 fresh flows have a mean of `rate` and a spread of at most sqrt(rate (1/n_cal + 1/n_test) / 40).
    reached = []
    for seed in range(40):
        rows = benign_only(1999 + 2000, seed)
        found = calibrate.fit(rows[:1999], np.zeros(1999, dtype=np.int64))
        scores = calibrate.attack_score(calibrate.calibrated(found, rows[1999:]))
        reached.append(float(np.mean(scores >= found.thresholds[calibrate.rate_text(rate)])))
    spread = math.sqrt(rate * (1 / 1999 + 1 / 2000) / 40)
    assert np.mean(reached) == pytest.approx(rate, abs=4 * spread)


@pytest.mark.parametrize(
    ("rows", "certified"),
    [(18, set()), (19, {"0.05"}), (98, {"0.05"}), (99, {"0.05", "0.01"}), (999, {"0.05", "0.01", "0.001"})],
)
def test_threshold_is_infinite_unless_the_rows_can_certify_the_rate(rows: int, certified: set[str]) -> None:
    found = calibrate.fit(benign_only(rows, 3), np.zeros(rows, dtype=np.int64))
    assert {rate for rate, tau in found.thresholds.items() if math.isfinite(tau)} == certified


def test_threshold_is_the_order_statistic_of_the_protocol() -> None:
    rows = benign_only(199, 4)
    found = calibrate.fit(rows, np.zeros(199, dtype=np.int64))
    scores = np.sort(calibrate.attack_score(calibrate.calibrated(found, rows)))
    # ceil((199 + 1)(1 - 0.05)) = 190, counted from one; the threshold lies a hair above it.
    assert found.thresholds["0.05"] == pytest.approx(scores[189], rel=2e-3)
    assert int(np.sum(scores >= found.thresholds["0.05"])) == 9


@pytest.mark.parametrize("probability", [0.0, 1e-4, 0.3, 1.0])
def test_benign_flows_that_all_look_alike_never_alarm(probability: float) -> None:
    rows = np.tile(np.array([1 - probability, probability], dtype=np.float32), (500, 1))
    found = calibrate.fit(rows, np.zeros(500, dtype=np.int64))
    again = calibrate.attack_score(calibrate.calibrated(found, rows + np.float32(5e-8)))
    assert not (again >= found.thresholds["0.05"]).any()


@given(st.lists(st.floats(0, 1, width=32), min_size=1, max_size=60), st.lists(st.floats(0, 1), max_size=40))
@settings(max_examples=examples(60), deadline=None)
def test_p_values_count_and_never_rise_with_the_score(benign: list[float], scores: list[float]) -> None:
    found = Calibration(1.0, {}, sorted(benign), len(benign), [], 0.01)
    ordered = np.array(sorted(scores))
    p = calibrate.p_values(found, ordered)
    assert (np.diff(p) <= 0).all()
    expected = [(1 + sum(b >= s for b in benign)) / (len(benign) + 1) for s in ordered]
    assert p == pytest.approx(np.array(expected))


def test_thinned_p_values_are_never_too_small_and_close() -> None:
    rows = benign_only(12_345, 5)
    found = calibrate.fit(rows, np.zeros(len(rows), dtype=np.int64))
    scores = calibrate.attack_score(calibrate.calibrated(found, rows))
    exact = np.array([(1 + np.sum(scores >= s)) / (len(scores) + 1) for s in scores[:300]])
    p = calibrate.p_values(found, scores[:300])
    assert len(found.benign_scores) == 1000
    assert found.benign_rows == 12_345
    assert (p >= exact - 1e-12).all()
    assert np.abs(p - exact).max() < 0.0025


def test_p_values_of_exchangeable_flows_are_uniform() -> None:
    rows = benign_only(4000, 6)
    found = calibrate.fit(rows[:999], np.zeros(999, dtype=np.int64))
    p = calibrate.p_values(found, calibrate.attack_score(calibrate.calibrated(found, rows[999:])))
    for level in (0.05, 0.2, 0.5):
        assert np.mean(p <= level) == pytest.approx(level, abs=5 * math.sqrt(level * (1 / 999 + 1 / 3001)))


def test_p_value_is_one_without_benign_rows_and_nan_where_the_score_is() -> None:
    found = Calibration(1.0, {}, [], 0, [], 0.01)
    p = calibrate.p_values(found, np.array([0.0, 1.0, np.nan]))
    assert p[:2].tolist() == [1.0, 1.0]
    assert math.isnan(p[2])


def test_flows_of_a_known_class_are_seldom_unknown_and_strange_ones_are() -> None:
    rng = np.random.default_rng(7)
    y = rng.integers(0, 3, 3000)
    certain = rng.beta(60, 3, 3000)
    probabilities = np.repeat(((1 - certain) / 2)[:, None], 3, axis=1)
    probabilities[np.arange(3000), y] = certain
    rows = probabilities.astype(np.float32)
    found = calibrate.fit(rows[:1500], y[:1500])
    known = calibrate.unknown(found, calibrate.calibrated(found, rows[1500:]))
    assert float(np.mean(known)) < 0.02
    strange = calibrate.calibrated(found, np.full((5, 3), 1 / 3, dtype=np.float32))
    assert calibrate.unknown(found, strange).all()


@pytest.mark.parametrize(("rows", "rate"), [(199, 2 / 200), (200, 2 / 201), (250, 2 / 251), (3000, 29 / 3001)])
def test_one_in_a_hundred_flows_of_a_class_does_not_fit_it_however_many_rows_calibrated(rows: int, rate: float) -> None:
    # Of one class only, so that a row that does not fit it is unknown. The rank of a fresh row among calibration rows
    # is uniform, so the share of unknown rows has mean `rate`, whatever the distribution of scores.
    reached = []
    for seed in range(30):
        p = np.random.default_rng(seed).beta(8, 2, rows + 4000)
        own = np.stack([p, 1 - p], axis=1)
        fitted = calibrate.fit(own[:rows].astype(np.float32), np.zeros(rows, dtype=np.int64))
        found = Calibration(1.0, {}, [], 0, [fitted.class_scores[0], [2.0]], 0.01)
        reached.append(calibrate.unknown(found, calibrate.calibrated(fitted, own[rows:])).mean())
    assert rate <= 0.01
    assert np.mean(reached) == pytest.approx(rate, abs=4 * math.sqrt(rate * (1 / rows + 1 / 4000) / 30))


def test_class_with_few_rows_fits_what_is_no_worse_than_its_worst_row() -> None:
    found = Calibration(1.0, {}, [], 0, [[0.9] * 200, [0.6, 0.8]], 0.01)
    probabilities = np.array([[0.45, 0.55], [0.35, 0.65], [0.95, 0.05], [np.nan, np.nan]])
    assert calibrate.unknown(found, probabilities).tolist() == [True, False, False, False]


def test_class_without_rows_fits_what_it_is_the_best_guess_for() -> None:
    found = Calibration(1.0, {}, [], 0, [[0.9] * 200, []], 0.01)
    assert calibrate.unknown(found, np.array([[0.4, 0.6], [0.6, 0.4]])).tolist() == [False, True]


def test_row_that_is_not_finite_stays_so_and_harms_no_other() -> None:
    probabilities, y = world(200, seed=8)
    found = calibrate.fit(probabilities, y)
    broken = probabilities[:3].copy()
    broken[1, 0] = np.nan
    scaled = calibrate.calibrated(found, broken)
    assert np.isnan(scaled[1]).all()
    assert scaled[[0, 2]].tolist() == calibrate.calibrated(found, probabilities[[0, 2]]).tolist()
    assert math.isnan(calibrate.attack_score(scaled)[1])


@pytest.mark.parametrize("rows", [5, 3000])
def test_calibration_survives_the_way_through_json(rows: int) -> None:
    probabilities, y = world(rows, seed=9)
    found = calibrate.fit(probabilities, y)
    text = json.dumps({**found.to_dict(), "benign_quantiles": {}}, allow_nan=False)
    assert Calibration.from_dict(json.loads(text)) == found


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("temperature", "hot", "'temperature' is 'hot'"),
        ("temperature", 0, r"'temperature' is 0 \(0 is not 1e-06 to 1e\+06\)"),
        ("temperature", math.inf, r"'temperature' is inf \(inf is not"),
        ("temperature", 10**400, r"'temperature' is 10{59} \(10{59} is not"),
        ("thresholds", [0.5], r"'thresholds' is \[0.5\]"),
        ("thresholds", {"often": 0.5}, r"'thresholds' is \{'often': 0.5\}"),
        ("thresholds", {"0.01": -1}, r"'thresholds' is .* \(-1 is not 0 to 1.001\)"),
        ("thresholds", {"0.01": math.nan}, r"'thresholds' is .* \(nan is not 0 to 1.001\)"),
        ("benign_scores", [0.5, 0.25], r"'benign_scores' is \[0.5, 0.25\] \(not in ascending order\)"),
        ("benign_scores", [0.25, math.nan], r"\(nan is not 0 to 1\)"),
        ("benign_scores", [None] * 1000, r"'benign_scores' is \[None, [None, ]{53}$"),
        ("benign_rows", -1, r"'benign_rows' is -1 \(-1 is not \d+ to 1e\+12\)"),
        ("benign_rows", 1e308, r"'benign_rows' is 1e\+308"),
        ("class_scores", None, "'class_scores' is None"),
        ("class_scores", ["0.5"], r"'class_scores' is \['0.5'\]"),
        ("unknown_below", math.nan, r"'unknown_below' is nan \(nan is not 0 to 1\)"),
    ],
)
def test_calibration_that_does_not_fit_names_the_value(key: str, value: object, message: str) -> None:
    values = {**calibrate.fit(*world(50, seed=10)).to_dict(), key: value}
    with pytest.raises(ValueError, match=message):
        Calibration.from_dict(values)
    del values[key]
    with pytest.raises(ValueError, match=f"'{key}' is 'missing'"):
        Calibration.from_dict(values)


@pytest.mark.parametrize(
    ("probabilities", "y", "message"),
    [
        (np.zeros((0, 2)), [], r"probabilities \(0, 2\)"),
        (np.ones((2, 1)), [0, 0], r"probabilities \(2, 1\)"),
        (np.ones((2, 2)), [0], r"y \(1,\)"),
        (np.ones((2, 2)), [0, 2], "classes 0 to 2, the model has 0 to 1"),
        (np.array([[0.5, 0.5], [np.nan, 0.5]]), [0, 1], "row 1 is not finite"),
    ],
)
def test_rows_that_cannot_calibrate_are_refused(
    probabilities: npt.NDArray[np.float64], y: list[int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        calibrate.fit(probabilities.astype(np.float32), np.array(y, dtype=np.int64))


def test_threshold_at_any_rate_is_that_of_the_rows_or_a_little_above_where_they_were_thinned() -> None:
    p = benign_only(4_999, seed=3)
    found = calibrate.fit(p, np.zeros(4_999, dtype=np.int64))
    asked = calibrate.fit(p, np.zeros(4_999, dtype=np.int64), rates=(0.005,))
    assert calibrate.threshold(found, 0.01) == found.thresholds["0.01"]
    assert asked.thresholds["0.005"] <= calibrate.threshold(found, 0.005) < found.thresholds["0.001"]
    assert calibrate.threshold(found, 1e-5) == math.inf


def test_benign_rows_alone_set_thresholds_and_p_values() -> None:
    p = benign_only(1_999, seed=4)
    alone = calibrate.fit_benign(calibrate.attack_score(p))
    both = calibrate.fit(p, np.zeros(1_999, dtype=np.int64))
    assert alone.temperature == 1
    assert alone.thresholds.keys() == both.thresholds.keys()
    scores = calibrate.attack_score(p)
    assert (scores >= alone.thresholds["0.01"]).mean() <= 0.01
    assert calibrate.p_values(alone, np.array([1.0, 0.0])).tolist() == [1 / 2000, 1.0]
    assert Calibration.from_dict(json.loads(json.dumps(alone.to_dict()))) == alone


@pytest.mark.parametrize("scores", [[], [0.1, math.nan]])
def test_benign_scores_that_are_none_or_no_numbers_are_refused(scores: list[float]) -> None:
    with pytest.raises(ValueError, match=f"calibration: {len(scores)} benign scores, wanted one at least"):
        calibrate.fit_benign(np.array(scores))
