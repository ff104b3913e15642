import json
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawn import examples
from redshank.active.decision import ALL, Decision, Gate
from redshank.active.promote import decide, unseen
from redshank.core.errors import ActionError
from redshank.data.parts import Part
from redshank.learn.model import Floats
from tables import CLASSES

QUICK = Gate(resamples=300)


def frozen(rows: int, seed: int = 0) -> Part:
    """Draw rows whose first value is their class and whose second is a number of their own, 0 to 1."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    x = np.column_stack([y, rng.random(rows)]).astype(np.float32)
    return Part(x, y.astype(np.int64), np.ones(rows, np.float32), np.arange(rows))


def scorer(*wrong: float, told: int | None = None) -> Callable[[Floats], Floats]:
    """Make a model that is wrong of each class in the rows with the lowest numbers, that share of them.

    What it calls them is `told`, or the next class.
    """

    def score(x: Floats) -> Floats:
        y = x[:, 0].astype(np.int64)
        missed = x[:, 1] < np.array(wrong)[y]
        called = np.where(missed, (y + 1) % 3 if told is None else told, y)
        p: npt.NDArray[np.float32] = (0.8 * np.eye(3)[called] + 0.2 / 3).astype(np.float32)
        return p

    return score


def judged(champion: Any, challenger: Any, parts: dict[str, Part], **more: Any) -> Decision:
    return decide(champion, challenger, parts, classes=CLASSES, **{"gate": QUICK, **more})


def test_a_better_model_replaces_the_champion_and_the_reasons_say_by_how_much() -> None:
    decision = judged(scorer(0.1, 0.2, 0.2), scorer(0.05, 0.1, 0.1), {"later": frozen(1000)})
    assert decision.promote
    metric = decision.of(ALL, "macro_f1")
    assert metric is not None
    assert metric.difference is not None
    assert metric.low is not None
    assert 0 < metric.low < metric.difference
    assert decision.reasons[0].startswith(f"macro_f1 {metric.champion:.4f} -> {metric.challenger:.4f} on 1,000 frozen")
    assert "at level 0.95 it is at least +" in decision.reasons[0]


def test_the_same_model_does_not_replace_itself() -> None:
    decision = judged(scorer(0.1, 0.2, 0.2), scorer(0.1, 0.2, 0.2), {"later": frozen(1000)})
    assert not decision.promote
    (reason,) = decision.reasons
    assert reason.startswith(
        "macro_f1 0.7950 -> 0.7950 on 1,000 frozen rows: +0.00 points; at level 0.95 it is at least"
    )
    assert reason.endswith("+0.00 points, not above 0")


def test_a_gain_too_small_for_the_rows_is_kept_out_and_the_rows_needed_are_told() -> None:
    spread = judged(scorer(0.1, 0.2, 0.2), scorer(0.1, 0.26, 0.16), {"later": frozen(300)})
    assert not spread.promote
    assert spread.rows_needed is not None
    assert spread.rows_needed > 300
    assert f"about {spread.rows_needed:,} rows would show a gain of 1 point in 9 of 10 cases" in spread.reasons[0]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (99, "99 frozen rows are too few; at least 100 are needed"),
        (0, "0 benign frozen rows are too few to judge false alarms; 25"),
    ],
)
def test_with_too_few_frozen_rows_nothing_is_promoted(rows: int, said: str) -> None:
    decision = judged(scorer(0.3, 0.4, 0.4), scorer(0.0, 0.0, 0.0), {"later": frozen(rows)})
    assert not decision.promote
    assert any(said in reason for reason in decision.reasons)


def test_a_gain_that_hangs_on_a_handful_of_rows_is_kept_out() -> None:
    decision = judged(scorer(0.0, 0.02, 0.0), scorer(0.0, 0.0, 0.0), {"later": frozen(500)})
    assert decision.reasons == ("only 4 rows are right of one and wrong of the other; 5 are the fewest that tell",)


def test_a_gain_that_is_paid_with_false_alarms_is_kept_out() -> None:
    decision = judged(scorer(0.02, 0.5, 0.5), scorer(0.08, 0.1, 0.1), {"later": frozen(2000)})
    assert not decision.promote
    assert len(decision.reasons) == 1
    assert "fpr 0.0" in decision.reasons[0]
    assert decision.reasons[0].endswith("it may rise by 0.5 points")
    within = judged(
        scorer(0.02, 0.5, 0.5), scorer(0.08, 0.1, 0.1), {"later": frozen(2000)}, gate=Gate(tolerance=0.1, resamples=300)
    )
    assert "at level 0.95 it rises by at least" in within.reasons[0]


def test_a_fall_on_one_part_is_not_hidden_by_a_gain_on_another() -> None:
    old, new = scorer(0.1, 0.3, 0.3), scorer(0.0, 0.0, 0.0)

    def apart_by(one: Callable[[Floats], Floats], other: Callable[[Floats], Floats]) -> Callable[[Floats], Floats]:
        def score(x: Floats) -> Floats:
            there = np.column_stack([x[:, 0] % 10, x[:, 1]])
            return np.where(x[:, :1] >= 10, other(there), one(there)).astype(np.float32)

        return score

    other = frozen(200, seed=1)
    apart = Part(other.x + np.array([10, 0], np.float32), other.y, other.weight, other.row)
    decision = judged(
        apart_by(old, old), apart_by(new, scorer(0.0, 0.9, 0.9)), {"later": frozen(2000), "devices": apart}
    )
    assert not decision.promote
    assert "rows of 'devices'" in decision.reasons[0]
    assert "that is a fall, at most -" in decision.reasons[0]


def test_past_labels_must_hold_in_every_family() -> None:
    champion = scorer(0.1, 0.3, 0.1)
    forgetful = scorer(0.05, 0.0, 0.8)
    past = frozen(60, seed=2)
    decision = judged(champion, forgetful, {"later": frozen(1000), "regression": past}, gate=Gate(resamples=300))
    wrong, right = decision.regression["scanning"]
    assert wrong > right
    assert any(reason.startswith(f"past labels (scanning): {wrong} newly wrong") for reason in decision.reasons)
    fine = judged(champion, scorer(0.05, 0.1, 0.05), {"later": frozen(1000), "regression": past})
    assert fine.promote
    assert any(reason.startswith("past labels: 0 newly wrong, ") for reason in fine.reasons)


def test_no_canary_may_be_lost() -> None:
    canaries = Part(
        np.array([[1, 0.5], [1, 0.02], [2, 0.5]], np.float32), np.array([1, 1, 2]), np.ones(3, np.float32), np.arange(3)
    )
    lost = judged(
        scorer(0.1, 0.01, 0.4, told=0), scorer(0.0, 0.03, 0.0, told=0), {"later": frozen(2000), "canaries": canaries}
    )
    assert lost.canaries == (3, 1)
    assert "1 of 3 canaries are no longer detected; none may be lost" in lost.reasons
    held = judged(scorer(0.1, 0.3, 0.4, told=0), scorer(0.0, 0.0, 0.0), {"later": frozen(2000), "canaries": canaries})
    assert held.canaries == (2, 0)  # the champion misses one itself
    assert held.promote
    assert "all 2 canaries stay detected" in held.reasons


@pytest.mark.parametrize("name", ["later", "canaries"])
def test_frozen_rows_that_someone_trained_on_are_refused(name: str) -> None:
    part = frozen(200)
    trained = np.concatenate([frozen(50, seed=8).x, part.x[[17, 30]]])
    both = {"later": frozen(200, seed=5), name: part}
    with pytest.raises(
        ActionError, match=rf"frozen part '{name}': a model was trained on 2 of its 200 .*first: row 17"
    ):
        judged(scorer(0, 0, 0), scorer(0, 0, 0), both, trained_on=trained)
    rest = unseen(part, trained)
    assert len(rest) == 198
    judged(scorer(0, 0, 0), scorer(0, 0, 0), {**both, name: rest}, trained_on=trained)


def test_past_labels_may_have_been_trained_on() -> None:
    past = frozen(40, seed=8)
    assert judged(
        scorer(0.1, 0.3, 0.3), scorer(0, 0, 0), {"later": frozen(500), "regression": past}, trained_on=past.x
    ).promote


def test_rows_of_one_device_are_one_witness() -> None:
    part = frozen(400)
    part.x[:, 1] = np.repeat(np.linspace(0, 1, 10), 40)
    old, new = scorer(0.3, 0.3, 0.3), scorer(0.2, 0.2, 0.2)
    rows = judged(old, new, {"later": part}).of(ALL, "macro_f1")
    devices = judged(old, new, {"later": part}, groups={"later": np.repeat(np.arange(10), 40)}).of(ALL, "macro_f1")
    assert rows is not None
    assert devices is not None
    assert rows.low is not None
    assert devices.low is not None
    assert devices.low < rows.low


def test_thresholds_decide_what_an_alarm_is() -> None:
    # Both say 0.8 of a class they are sure of; with 0.95 the challenger never raises an alarm.
    decision = judged(scorer(0.1, 0.2, 0.2), scorer(0.05, 0, 0), {"later": frozen(500)}, alarm_at=(0.5, 0.95))
    fpr = decision.of(ALL, "fpr")
    assert fpr is not None
    assert fpr.champion == pytest.approx(0.1, abs=0.03)
    assert fpr.challenger == 0


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "roc_auc", "recall_at_0.01"])
def test_every_metric_can_decide(metric: str) -> None:
    decision = judged(
        scorer(0.2, 0.3, 0.3), scorer(0.0, 0.01, 0.01), {"later": frozen(800)}, gate=Gate(metric, resamples=200)
    )
    assert decision.promote
    assert decision.of(ALL, metric) is not None


@settings(max_examples=examples(20), deadline=None)
@given(st.lists(st.floats(0, 0.6), min_size=6, max_size=6), st.integers(100, 400), st.integers(0, 100))
def test_no_promotion_lowers_the_frozen_metric_and_every_decision_survives_json(
    wrong: list[float], rows: int, seed: int
) -> None:
    past = frozen(50, seed + 1)
    decision = judged(
        scorer(*wrong[:3]), scorer(*wrong[3:]), {"later": frozen(rows, seed), "regression": past}, seed=seed,
        gate=Gate(resamples=100),
    )  # fmt: skip
    metric, fpr = decision.of(ALL, "macro_f1"), decision.of(ALL, "fpr")
    assert metric is not None
    assert fpr is not None
    if decision.promote:
        assert metric.difference is not None
        assert metric.difference > 0
        assert fpr.difference is not None
        assert fpr.difference <= QUICK.tolerance
    assert Decision.from_json(decision.to_json()) == decision
    assert json.loads(json.dumps(decision.to_dict())) == decision.to_dict()
