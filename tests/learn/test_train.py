import logging
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from partitions import labelled as drawn
from redshank.core.errors import ActionError, ConfigError
from redshank.data.parts import PARTS, Part, Parts
from redshank.data.protocol import partition
from redshank.detect.calibrate import Calibration, attack_score, calibrated
from redshank.detect.detectors.classifier import Classifier
from redshank.detect.neighbors import written
from redshank.features.feature_set import FEATURE_SETS
from redshank.features.feature_sets.packet_sequence import PacketSequence
from redshank.learn import train as module
from redshank.learn.export import score
from redshank.learn.train import KNOWN_FLOWS, benign_quantiles, fit, known_flows, make_bundle
from tables import CLASSES, part, parts

QUICK = {"epochs": 2, "units": 8, "blocks": 1}


def conn_parts(rows: int = 120) -> Parts:
    """Return parts whose columns are those of the feature set conn; two of them tell the classes apart."""
    columns = FEATURE_SETS.find("conn").columns

    def widened(one: Part) -> Part:
        x = np.full((len(one), len(columns)), np.nan, dtype=np.float32)
        at = [i for i, column in enumerate(columns) if not column.vocabulary][:2]
        x[:, at] = np.exp(one.x)
        return replace(one, x=x)

    made = parts(rows)
    wide: dict[str, Any] = {
        name: widened(getattr(made, name)) for name in ("train", "validation", "calibration", "test")
    }
    return replace(made, **wide, columns=columns, feature_set="conn")


def test_fit_trains_and_calibrates() -> None:
    made = parts(200)
    trained = fit(made, "fnn", settings=QUICK, seed=3)
    assert (trained.name, trained.seed) == ("fnn", 3)
    assert trained.model.predict_proba(made.test.x).shape == (100, len(CLASSES))
    assert trained.calibration.benign_rows == int((made.calibration.y == 0).sum())
    assert trained.seconds > 0
    assert len(trained.model.curve_) == 2


def test_the_same_seed_gives_the_same_model() -> None:
    made = parts(100)
    one, two, other = (
        fit(made, "fnn", settings=QUICK, seed=seed).model.predict_proba(made.test.x) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_training_never_looks_at_the_test_part() -> None:
    made = parts(100)
    poisoned = replace(made, test=replace(made.test, x=np.full_like(made.test.x, 1e30), y=made.test.y * 0))
    one, two = (fit(which, "fnn", settings=QUICK).model.predict_proba(made.test.x) for which in (made, poisoned))
    np.testing.assert_array_equal(one, two)


def test_without_validation_rows_training_goes_without() -> None:
    made = replace(parts(100), validation=part(0, 1))
    assert np.isnan(fit(made, "fnn", settings=QUICK).model.curve_[0].validation_loss)


def test_progress_is_one_line_per_epoch(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger=module.__name__):
        fit(parts(60), "fnn", settings=QUICK, progress=True)
    lines = [record.getMessage() for record in caplog.records]
    assert lines[0] == "training fnn, seed 0, on 60 rows"
    assert [line.split(":")[0] for line in lines[1:3]] == ["epoch 1 of 2", "epoch 2 of 2"]
    assert re.search(r", [\d,]+ rows/s, at most \d+ s left$", lines[1])
    assert lines[3].startswith("trained fnn, seed 0, in ")


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(ConfigError, match="no 'fnm'; did you mean 'fnn'"):
        fit(parts(20), "fnm")


def test_an_unknown_setting_is_named_before_training() -> None:
    with pytest.raises(ConfigError, match="epoch: fnn has no such setting"):
        fit(parts(20), "fnn", settings={"epoch": 1})


@pytest.mark.parametrize("name", ["train", "calibration"])
def test_an_empty_part_is_named(name: str) -> None:
    empty: dict[str, Any] = {name: part(0, 1)}
    made = replace(parts(20), **empty)
    with pytest.raises(ActionError, match=f"table: the {name} part has no rows under protocol leakfree"):
        fit(made, "constant")


def test_a_bundle_scores_as_the_model_does_and_says_where_it_comes_from() -> None:
    made = conn_parts()
    trained = fit(made, "fnn", settings=QUICK, seed=5)
    bundle = make_bundle(trained, made, "mine", {"macro_f1": np.float64(0.5)}, command="redshank train table")
    manifest = bundle.manifest
    features = FEATURE_SETS.find("conn")
    assert (manifest.name, manifest.model, manifest.task, manifest.classes) == ("mine", "fnn", "family", [*CLASSES])
    assert (manifest.feature_set, manifest.feature_version) == ("conn", features.version)
    assert manifest.fingerprint == features.fingerprint()
    assert manifest.columns == [column.name for column in features.columns]
    assert manifest.settings["epochs"] == 2
    assert manifest.settings["seed"] == 5
    assert manifest.figures == {"macro_f1": 0.5}
    assert manifest.provenance["command"] == "redshank train table"
    assert Calibration.from_dict(manifest.calibration) == trained.calibration
    Classifier(bundle, 0.05)
    np.testing.assert_allclose(score(bundle.model, made.test.x), trained.model.predict_proba(made.test.x), atol=1e-5)


def test_a_bundle_of_windows_judges_flows_as_it_was_trained() -> None:
    data = drawn(800)
    made = partition(data, protocol="group", task="binary", feature_set="host_window", by="capture", seen="keep")
    trained = fit(made, "gru", settings={"epochs": 1, "units": (4,)})
    bundle = make_bundle(trained, made, "mine", {})
    assert set(bundle.manifest.calibration["benign_quantiles"]) >= {"src_ip_bytes", "gap"}
    assert data.capture is not None
    one = data.capture == data.capture[made.test.row[0]]
    rows = [at for at in np.flatnonzero(one) if at in made.test.row]
    verdicts = Classifier(bundle, 0.05).judge(data.flows.filter(pa.array(one)))
    place = [made.test.row.tolist().index(at) for at in rows]
    scores = attack_score(calibrated(trained.calibration, trained.model.predict_proba(made.test.x[place])))
    found = verdicts.column("score").to_numpy()[np.isin(np.flatnonzero(one), rows)]
    np.testing.assert_allclose(found, scores, atol=1e-4)


def test_of_packets_no_step_is_the_flow_so_a_verdict_has_no_reason_from_them() -> None:
    made = replace(parts(60), feature_set="packet_sequence")
    x = {name: replace(getattr(made, name), x=getattr(made, name).x[:, :1].repeat(48, 1)) for name in PARTS}
    made = replace(made, **x, columns=PacketSequence.columns, steps=PacketSequence.steps)
    bundle = make_bundle(fit(made, "constant"), made, "mine", {})
    assert bundle.manifest.calibration["benign_quantiles"] == {}
    assert "known_flows" not in bundle.manifest.calibration


def test_a_model_on_the_datasets_own_columns_is_measured_but_not_bundled() -> None:
    made = replace(parts(60), protocol="paper")
    trained = fit(made, "constant")
    wanted = r"^constant: trained on the dataset's own columns \(protocol paper\).*it can be measured, not bundled.*\Z"
    with pytest.raises(ActionError, match=wanted):
        make_bundle(trained, made, "mine", {})


def test_a_graph_that_differs_from_its_model_is_no_bundle(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> bytes:
        raise ValueError("Fnn: graph and model differ by 0.3")

    monkeypatch.setattr(module, "export", refuse)
    made = conn_parts(60)
    with pytest.raises(ActionError, match=r"constant: Fnn: graph and model differ by 0\.3; nothing was written"):
        make_bundle(fit(made, "constant"), made, "mine", {})


def test_benign_quantiles_are_of_benign_training_rows() -> None:
    made = parts(400)
    benign = made.train.x[made.train.y == 0]
    found = benign_quantiles(made)
    assert list(found) == ["size_bytes", "gap_s"]
    assert found["gap_s"] == pytest.approx(np.quantile(benign[:, 1], [0.01, 0.5, 0.99]).tolist(), rel=1e-5)
    absent = replace(made, train=replace(made.train, x=np.full_like(made.train.x, np.nan)))
    assert benign_quantiles(absent) == {}


def test_known_flows_are_training_rows_of_each_class_those_that_come_often_before_others() -> None:
    made = parts(400)
    own = np.flatnonzero(made.train.y == 1)
    often = own[::7][:KNOWN_FLOWS]
    weight = made.train.weight.copy()
    weight[often] = 1e9
    made = replace(made, train=replace(made.train, weight=weight))
    found = known_flows(made, 3)["known_flows"]
    assert found == known_flows(made, 3)["known_flows"]
    assert list(found) == list(made.classes)
    assert all(len(set(texts)) == len(texts) <= KNOWN_FLOWS for texts in found.values())
    assert set(written(made.train.x[often])) <= set(found[made.classes[1]])
    for at, name in enumerate(made.classes):
        assert set(found[name]) <= set(written(made.train.x[made.train.y == at]))


def test_without_attacks_or_with_few_rows_there_are_no_known_flows() -> None:
    made = parts(400)
    benign = made.train.take(np.flatnonzero(made.train.y == 0))
    few = made.train.take(np.arange(4))
    assert known_flows(replace(made, train=benign), 0) == known_flows(replace(made, train=few), 0) == {}


def test_on_columns_scaled_by_a_study_a_network_takes_the_inputs_of_the_study() -> None:
    own = replace(parts(), feature_set=None, scaled=True)
    one_epoch: dict[str, Any] = {"epochs": 1}
    assert fit(own, "fnn", settings=one_epoch).model.get_params()["inputs"] == "minmax"
    assert fit(own, "fnn", settings={**one_epoch, "inputs": "bins"}).model.get_params()["inputs"] == "bins"
    assert fit(replace(own, scaled=False), "fnn", settings=one_epoch).model.get_params()["inputs"] == "bins"
    assert fit(conn_parts(), "fnn", settings=one_epoch).model.get_params()["inputs"] == "bins"
    assert "inputs" not in fit(own, "constant").model.get_params()


def test_what_learns_from_benign_rows_alone_is_refused_for_families() -> None:
    with pytest.raises(
        ConfigError, match=r"^task: 'family' has 3 classes, but knn_distance learns .*; use task binary$"
    ):
        fit(parts(60), "knn_distance")
    two = {name: replace(getattr(parts(60), name), y=np.minimum(getattr(parts(60), name).y, 1)) for name in PARTS}
    made = replace(parts(60), task="binary", classes=("benign", "attack"), **two)
    assert fit(made, "knn_distance").calibration.benign_rows > 0


@pytest.mark.parametrize(("model", "settings"), [("lightgbm", {"rounds": 3}), ("fnn", QUICK)])
def test_factors_for_rare_classes_are_set_on_whatever_model(model: str, settings: dict[str, Any]) -> None:
    made = parts(120)
    trained = fit(made, model, settings={**settings, "imbalance": "offsets", "select": "mutual_information"})
    assert trained.model.settings().items() >= {**settings, "imbalance": "offsets"}.items()
    assert len(trained.model.settings()["factors"]) == len(CLASSES)


@pytest.mark.parametrize(
    ("model", "imbalance", "allowed"),
    [
        ("lightgbm", "focal", "none, balanced, oversample, offsets for lightgbm"),
        ("fnn", "more", "none, balanced, focal, oversample, offsets for fnn"),
    ],
)
def test_an_unknown_way_with_rare_classes_is_refused(model: str, imbalance: str, allowed: str) -> None:
    with pytest.raises(ConfigError, match=f"imbalance: '{imbalance}' is not one of {allowed}"):
        fit(parts(20), model, settings={"imbalance": imbalance})
