from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bundles import flows, tiny_bundle
from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError
from redshank.core.schema import flow_batch
from redshank.data.dataset import Labelled
from redshank.detect.detectors.anomaly import Anomaly
from redshank.detect.drift import Drift
from redshank.detect.reference import Reference
from redshank.features.feature_sets.conn import Conn
from redshank.learn import habits
from redshank.learn.habits import Learned, Period, detection, learn_habits


def home(benign: int, attacks: int, seed: int = 0, attacker: str = "10.0.0.66") -> pa.RecordBatch:
    """Draw a period of twelve devices, with a flood of one of them in the middle."""
    kinds = ["benign"] * (benign // 2) + ["dos"] * attacks + ["benign"] * (benign - benign // 2)
    rng = np.random.default_rng(seed)
    sources = [attacker if kind == "dos" else f"10.0.0.{1 + int(rng.integers(12))}" for kind in kinds]
    n = len(kinds)
    return flows(kinds, seed, src_ip=sources, duration=rng.uniform(0.1, 5.0, n).tolist())


@cache
def learned(attacks: int = 0, quarantine: float = 0.0) -> Learned:
    return learn_habits(Period(home(900, attacks), "home", None, "ana"), "habits", quarantine=quarantine)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(habits, "STEPS", 100)


def recall(bundle: Bundle) -> float:
    verdicts = Anomaly(bundle, 0.01, warm_up=0).judge(home(0, 100, seed=7))
    return float(np.mean(verdicts.column("alarm").to_pylist()))


def test_what_is_unlike_the_period_is_found_and_what_is_like_it_is_not() -> None:
    bundle = learned().bundle
    assert recall(bundle) > 0.95
    quiet = Anomaly(bundle, 0.05, warm_up=0).judge(home(2000, 0, seed=8)).column("alarm").to_pylist()
    # 225 rows calibrate: their own spread at 5 % is 1.5 points, that of the sample 0.5.
    assert np.mean(quiet) < 0.05 + 3 * 0.016


def test_the_same_seed_gives_the_same_bundle() -> None:
    again = learn_habits(Period(home(900, 0), "home", None, "ana"), "habits", quarantine=0.0).bundle
    assert again == learned().bundle


def test_an_attacker_in_the_period_cannot_teach_it() -> None:
    # 40 flows of a flood among 900 are 4 %.
    taught = learned(attacks=40).bundle
    guarded = learned(attacks=40, quarantine=0.06)
    flood = np.array(home(900, 40).column("src_ip").to_pylist()) == "10.0.0.66"
    assert guarded.quarantined[flood].mean() > 0.9
    assert guarded.quarantined[~flood].mean() < 0.03
    assert recall(guarded.bundle) > 0.95
    assert recall(taught) < 0.5, "without quarantine the flood itself is a hundredth of what is usual"
    assert guarded.by_device(home(900, 40))[0]["device"] == "10.0.0.66"


def test_what_a_classifier_raises_an_alarm_on_is_left_out_and_told() -> None:
    batch = home(900, 40)
    screened = learn_habits(Period(batch, "home", tiny_bundle()), "habits", quarantine=0.0)
    flood = np.array(batch.column("src_ip").to_pylist()) == "10.0.0.66"
    assert screened.screened[flood].all()
    assert recall(screened.bundle) > 0.95
    notes = screened.bundle.manifest.provenance["notes"]
    assert (notes["flows"], notes["benign_says"], notes["quarantined_vectors"]) == (940, "tiny", 0)
    assert notes["screened_flows"] == screened.screened.sum() >= 40
    assert learned().bundle.manifest.provenance["notes"]["benign_says"] == "ana"


def test_flows_that_go_on_are_not_learnt() -> None:
    batch = home(600, 0)
    parts = pa.array(["interim"] * 200 + ["final"] * 400)
    going_on = batch.set_column(batch.schema.get_field_index("part"), batch.schema.field("part"), parts)
    with pytest.raises(ActionError, match="home: 400 distinct flows are left of 400, too few .* with 500 or more"):
        learn_habits(Period(going_on, "home", None, "ana"), "habits")


def test_a_period_without_flows_is_refused() -> None:
    with pytest.raises(ActionError, match="nothing: 0 distinct flows are left of 0"):
        learn_habits(Period(flow_batch({}, 0), "nothing", tiny_bundle()), "habits")


def test_detection_counts_distinct_flows_of_each_family_with_intervals() -> None:
    batch = home(30, 50)
    twice = pa.Table.from_batches([batch, batch]).combine_chunks().to_batches()[0]
    family = np.array((["benign"] * 15 + ["dos"] * 50 + ["benign"] * 15) * 2)
    found: dict[str, Any] = detection(learned().bundle, Labelled(twice, family, None, "0", "there"), 0.05)
    assert list(found["families"]) == ["benign", "dos"]
    dos = found["families"]["dos"]
    assert dos["vectors"] == 50
    assert dos["low"] < dos["alarms"] <= dos["high"] == 1
    assert found["families"]["benign"]["vectors"] == 30


def test_its_bundle_carries_what_its_detector_needs() -> None:
    manifest = learned().bundle.manifest
    assert manifest.calibration["benign_errors"].keys() == set(manifest.columns)
    assert manifest.calibration["temperature"] == 1
    assert manifest.classes == ["benign", "attack"]
    reference = Reference.from_dict(manifest.calibration["reference"], Conn.columns)
    assert reference.flows == 900 // 24
    assert len(reference.blocks) > 16
    watch = Drift(reference, every_s=0)
    x = Conn().encode(home(900, 0, seed=3))
    devices = pa.array([f"10.0.0.{at % 12}" for at in range(900)])
    assert watch.take(x, np.full(900, 0.5), devices, np.arange(900)) != []
    assert "p_value" in watch.moved["all"].columns, "p-values that are all the same are not uniform"
