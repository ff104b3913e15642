from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bundles import flows, tiny_bundle
from redshank.core.bundle import Bundle
from redshank.core.errors import BundleError, ConfigError
from redshank.core.metrics import Metrics
from redshank.core.schema import VERDICT, flow_batch
from redshank.detect.calibrate import Calibration, attack_score
from redshank.detect.default import ANOMALY, default_bundle
from redshank.detect.detectors.anomaly import Anomaly, most_probable
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.graph import Graph
from redshank.features.feature_sets.conn import Conn


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return Bundle.load(default_bundle(ANOMALY))


def example(place: Path) -> Anomaly:
    del place
    return Anomaly(Bundle.load(default_bundle(ANOMALY)), warm_up=0)


def column(batch: pa.RecordBatch, name: str) -> list[Any]:
    values: list[Any] = batch.column(name).to_pylist()
    return values


def usual(n: int) -> pa.RecordBatch:
    """DNS questions, one packet each way, as every home has them."""
    same = {"proto": "udp", "service": "dns", "conn_state": "SF", "src_pkts": 1, "dst_pkts": 1, "missed_bytes": 0}
    sizes = {"duration": 0.002, "src_bytes": 34, "dst_bytes": 50, "src_ip_bytes": 62, "dst_ip_bytes": 78}
    rows = {name: [value] * n for name, value in {**same, **sizes}.items()}
    return flow_batch({**rows, "src_ip": [f"10.0.0.{i % 9}" for i in range(n)], "uid": [f"C{i}" for i in range(n)]}, n)


def test_verdict_says_no_more_than_that_a_flow_is_odd(bundle: Bundle) -> None:
    batch = pa.Table.from_batches([usual(1), flows(["dos"])]).combine_chunks().to_batches()[0]
    verdicts = Anomaly(bundle, warm_up=0).judge(batch)
    assert verdicts.schema == VERDICT
    quiet, odd = verdicts.to_pylist()
    assert (quiet["alarm"], quiet["family"], quiet["unknown"]) == (False, "benign", False)
    assert quiet["score"] == pytest.approx(0.01, abs=0.001)
    assert (odd["alarm"], odd["family"], odd["unknown"]) == (True, None, True)
    assert odd["p_value"] < 0.01 < quiet["p_value"]
    assert 0.01 < odd["score"] < 1
    assert quiet["reasons"] == []
    assert all("as badly as benign 99 %" in reason for reason in odd["reasons"])
    assert 1 <= len(odd["reasons"]) <= 3
    assert {quiet["detector"], odd["detector"]} == {"anomaly"}


def test_score_is_the_bound_of_the_p_value_and_falls_with_it() -> None:
    p = np.array([1e-6, 1e-4, 0.001, 0.01, 0.05, 0.3, 0.5, 1.0, np.nan])
    scores = most_probable(p)
    assert (np.diff(scores[:-1]) <= 0).all()
    assert scores[-3:-1].tolist() == [0.01, 0.01]
    assert np.isnan(scores[-1])
    # By hand: -e * 0.001 * ln 0.001 = 0.018777, and 0.01 / (0.01 + 0.99 * 0.018777) = 0.3498.
    assert scores[2] == pytest.approx(0.3498, abs=1e-4)


def test_alarms_follow_the_share_of_the_rate(bundle: Bundle) -> None:
    alone, half = Anomaly(bundle, 0.05, warm_up=0), Anomaly(bundle, 0.05, sharing=2, warm_up=0)
    assert half.threshold > alone.threshold
    calibration = Calibration.from_dict(bundle.manifest.calibration)
    benign = np.array(calibration.benign_scores)
    assert (benign >= alone.threshold).mean() <= 0.05
    assert (benign >= half.threshold).mean() <= 0.025


def test_it_is_silent_until_the_network_looks_as_it_should(bundle: Bundle) -> None:
    detector = Anomaly(bundle, warm_up=50)
    verdicts = detector.judge(usual(80))
    for name in ("score", "family", "p_value", "unknown", "alarm"):
        assert [value is None for value in column(verdicts, name)] == [True] * 50 + [False] * 30
    assert column(detector.judge(flows(["dos"])), "alarm") == [True]
    elsewhere = Anomaly(bundle, warm_up=50)
    assert column(elsewhere.judge(flows(["dos"] * 200)), "score") == [None] * 200
    assert elsewhere.warming.failed == 4


def test_graph_tells_the_error_of_each_column_and_their_sum_orders_the_scores(bundle: Bundle) -> None:
    graph = Graph(bundle)
    x = Conn().encode(flows(["benign", "scanning", "dos", "strange"] * 20))
    errors = graph.errors(x)
    assert errors.shape == (80, len(Conn.columns))
    assert (errors >= 0).all()
    order = np.argsort(errors.sum(axis=1), kind="stable")
    assert (np.diff(attack_score(graph.probabilities(x))[order]) >= -1e-6).all()


@pytest.mark.parametrize(
    ("benign", "message"),
    [
        (None, "'benign_errors' is None, wanted a number by column; make one with `redshank learn`"),
        ({}, "'benign_errors' of 'proto' is None, wanted 0 or more"),
        ({"proto": -1.0}, r"'benign_errors' of 'proto' is -1\.0, wanted 0 or more"),
    ],
)
def test_bundle_that_does_not_say_how_benign_flows_are_rebuilt_is_refused(
    bundle: Bundle, benign: object, message: str
) -> None:
    manifest = replace(bundle.manifest, calibration={**bundle.manifest.calibration, "benign_errors": benign})
    with pytest.raises(BundleError, match=message):
        Anomaly(Bundle(manifest, bundle.model))


def test_bundle_of_a_classifier_is_refused() -> None:
    with pytest.raises(BundleError, match="bundle tiny: .*'benign_errors' is None"):
        Anomaly(tiny_bundle(k=2))
    errors = {column.name: 0.1 for column in Conn.columns}
    with pytest.raises(BundleError, match=r"bundle tiny: the runtime refuses model.onnx \(.*errors"):
        Anomaly(tiny_bundle(k=2, calibration={**tiny_bundle(k=2).manifest.calibration, "benign_errors": errors}))


def test_rate_without_a_threshold_is_refused(bundle: Bundle) -> None:
    with pytest.raises(ConfigError, match=r"rate: 0\.02 has no threshold in bundle"):
        Anomaly(bundle, 0.02)


def test_what_ships_says_what_it_learnt_from_and_what_it_finds(bundle: Bundle) -> None:
    manifest = bundle.manifest
    assert manifest.provenance["dataset"] == "lab+lab/homes"
    assert manifest.model == "recurrent_autoencoder"
    families = manifest.figures["families"]
    assert manifest.figures["dataset"] == "lab/unseen"
    assert families["benign"]["low"] <= families["benign"]["alarms"] <= families["benign"]["high"]
    assert families["scanning"]["alarms"] > families["benign"]["alarms"]


def test_it_follows_drift_by_flows_that_have_ended_and_tells_once(bundle: Bundle) -> None:
    metrics = Metrics()
    detector = Anomaly(bundle, warm_up=0, groups=DeviceGroups({"10.0.0.0/24": "cameras"}), metrics=metrics)
    assert detector.drift is not None
    flows_of_a_block = bundle.manifest.calibration["reference"]["flows"]
    devices = [f"10.0.0.{i % 50}" for i in range(5 * flows_of_a_block)]
    scans = flows(["scanning"] * len(devices), src_ip=devices)
    for part in ("interim", "final"):
        parts = pa.repeat(pa.scalar(part), len(devices))
        detector.judge(scans.set_column(scans.schema.get_field_index("part"), scans.schema.field("part"), parts))
        assert (list(detector.drift.moved) == ["cameras"]) is (part == "final")
    assert metrics.labelled("redshank_drift_events_total") == {("anomaly", "cameras"): 1}
    assert "conn_state" in detector.drift.moved["cameras"].columns


def test_reference_that_is_none_is_refused_and_none_is_needed(bundle: Bundle) -> None:
    def with_reference(value: object) -> Bundle:
        calibration = {**bundle.manifest.calibration, "reference": value}
        return Bundle(replace(bundle.manifest, calibration=calibration), bundle.model)

    assert Anomaly(with_reference(None)).drift is None
    with pytest.raises(BundleError, match="bundle .*'reference' is {'flows': 3}; make one"):
        Anomaly(with_reference({"flows": 3}))
