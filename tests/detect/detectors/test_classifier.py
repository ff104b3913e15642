import logging
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bundles import CLASSES, flows, graph, many, tiny_bundle, watching_bundle, windowed
from redshank.core.bundle import Bundle
from redshank.core.errors import BundleError, ConfigError
from redshank.core.metrics import Metrics
from redshank.core.schema import VERDICT
from redshank.data.dataset import Labelled, read
from redshank.data.encoding import FlowEncoding
from redshank.detect import calibrate
from redshank.detect.calibrate import Calibration
from redshank.detect.default import default_bundle
from redshank.detect.detectors.classifier import Classifier, like_benign
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.fuse import fuse
from redshank.detect.graph import MICRO_BATCH, Graph
from redshank.detect.neighbors import written
from redshank.features.feature_set import FEATURE_SETS
from redshank.features.feature_sets.host_window import HostWindow

MIXED = ["benign", "scanning", "dos", "strange"] * 5


def example(place: Path) -> Classifier:
    tiny_bundle().save(place / "tiny")
    return Classifier(Bundle.load(place / "tiny"))


def column(batch: pa.RecordBatch, name: str) -> list[Any]:
    values: list[Any] = batch.column(name).to_pylist()
    return values


def test_each_kind_of_flow_gets_the_verdict_it_deserves() -> None:
    verdicts = Classifier(tiny_bundle()).judge(flows(["benign", "scanning", "dos", "strange"]))
    assert verdicts.schema == VERDICT
    assert column(verdicts, "family") == ["benign", "scanning", "dos", None]
    assert column(verdicts, "unknown") == [False, False, False, True]
    assert column(verdicts, "alarm") == [False, True, True, True]
    assert column(verdicts, "uid") == ["C0x0", "C0x1", "C0x2", "C0x3"]
    assert set(column(verdicts, "detector")) == {"classifier"}
    assert set(column(verdicts, "bundle")) == {"tiny"}
    assert column(verdicts, "p_value")[0] > 0.01
    assert column(verdicts, "p_value")[1] < 0.01


def test_benign_flows_alarm_no_oftener_than_asked_for() -> None:
    # 20,000 flows at a rate of 1 %: 200 expected; the calibration's own spread (2,000 rows) is 45, the sample's 14.
    batch = flows(["benign"] * 20_000, seed=5)
    alarms = sum(column(Classifier(tiny_bundle(), 0.01).judge(batch), "alarm"))
    assert alarms <= 200 + 4 * 47


def test_binary_bundle_calls_every_alarm_an_attack() -> None:
    verdicts = Classifier(tiny_bundle(k=2)).judge(flows(["benign", "scanning", "dos"]))
    assert column(verdicts, "family") == ["benign", "attack", "attack"]


def test_family_of_an_alarm_is_never_benign() -> None:
    calibration = {**tiny_bundle().manifest.calibration, "thresholds": {"0.01": 1e-30}, "unknown_below": 0.0}
    verdicts = Classifier(tiny_bundle(calibration=calibration)).judge(flows(["benign"] * 50))
    assert all(column(verdicts, "alarm"))
    assert "benign" not in column(verdicts, "family")


def test_verdict_does_not_depend_on_the_batch_it_stands_in() -> None:
    detector = Classifier(tiny_bundle())
    batch = flows(MIXED * (MICRO_BATCH // 10))
    together = detector.judge(batch)
    assert batch.num_rows > MICRO_BATCH
    for i in (0, 1, 3, MICRO_BATCH - 1, MICRO_BATCH, batch.num_rows - 1):
        alone = detector.judge(batch.slice(i, 1))
        assert alone.column("family")[0] == together.column("family")[i]
        assert alone.column("score")[0].as_py() == pytest.approx(together.column("score")[i].as_py(), abs=1e-6)


def test_windows_go_on_from_batch_to_batch() -> None:
    kinds = ["dos", *["benign"] * 39]
    batch = flows(kinds, src_ip=["10.0.0.5"] * 40)
    together = Classifier(windowed()).judge(batch)
    cut = Classifier(windowed())
    verdicts = [cut.judge(batch.slice(at, 7)) for at in range(0, 40, 7)]
    families = [family for one in verdicts for family in column(one, "family")]
    assert families == column(together, "family")
    assert [at for at, family in enumerate(families) if family == "dos"] == [15]
    anew = Classifier(windowed()).judge(batch.slice(15, 1))
    assert column(anew, "family") != ["dos"], "another run knows nothing of this one"


def test_windows_served_batch_by_batch_are_those_that_training_sees() -> None:
    rng = np.random.default_rng(3)
    kinds = rng.choice(["benign", "scanning", "dos"], 150).tolist()
    batch = flows(kinds, src_ip=[f"10.0.0.{i}" for i in rng.integers(0, 3, 150)])
    labelled = Labelled(batch, np.array(kinds), None, "0", "here")
    encoded = FlowEncoding(labelled, "host_window").encode([np.arange(150)])
    bundle = windowed()
    trained = calibrate.calibrated(
        Calibration.from_dict(bundle.manifest.calibration), Graph(bundle).probabilities(encoded.x[0])
    )
    served = Classifier(bundle)
    scores = [score for at in range(0, 150, 11) for score in column(served.judge(batch.slice(at, 11)), "score")]
    assert scores == pytest.approx(calibrate.attack_score(trained).tolist(), abs=1e-6)
    assert len(set(scores)) > 50


def test_devices_that_a_window_forgets_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(HostWindow.__init__, "__defaults__", (2,))
    windows, single = Classifier(windowed()), Classifier(tiny_bundle())
    for detector in (windows, single):
        detector.judge(flows(["benign"] * 5, src_ip=[f"10.0.0.{i}" for i in range(5)]))
    assert (windows.forgotten, single.forgotten) == ({"host_window": 3}, {})


def test_a_classifier_goes_on_from_what_another_remembers() -> None:
    batch = flows(["dos", *["benign"] * 15], src_ip=["10.0.0.5"] * 16)
    before, after, other = Classifier(windowed()), Classifier(windowed()), Classifier(tiny_bundle())
    before.judge(batch.slice(0, 15))
    after.goes_on_from(before)
    assert column(after.judge(batch.slice(15, 1)), "family") == ["dos"]
    other.goes_on_from(before)  # other features: nothing to take over
    assert column(other.judge(batch.slice(0, 1)), "family") == ["dos"]


def test_reasons_are_of_the_flow_itself_and_not_of_its_history() -> None:
    quantiles = {"src_ip_bytes": [1.0, 500.0, 1000.0]}
    calibration = {**tiny_bundle().manifest.calibration, "benign_quantiles": quantiles}
    made = windowed()
    bundle = Bundle(replace(made.manifest, calibration=calibration), made.model)
    batch = flows(["dos", *["benign"] * 14, "strange"], src_ip=["10.0.0.5"] * 16)
    reasons = column(Classifier(bundle).judge(batch), "reasons")[15]
    assert len(reasons) == 1
    assert re.match(r"src_ip_bytes [12]\.?\d*e\+04 beyond benign 99 %", reasons[0])


def test_no_flows_give_no_verdicts() -> None:
    verdicts = Classifier(tiny_bundle()).judge(flows([]))
    assert verdicts.num_rows == 0
    assert verdicts.schema == VERDICT


def test_flow_of_which_nothing_is_known_still_gets_a_verdict() -> None:
    empty = flows(["benign"]).schema.empty_table()
    nothing = pa.RecordBatch.from_arrays([pa.nulls(3, f.type) for f in empty.schema], schema=empty.schema)
    verdicts = Classifier(tiny_bundle()).judge(nothing)
    assert verdicts.num_rows == 3
    assert all(0 <= score <= 1 for score in column(verdicts, "score"))


def test_detector_that_cannot_tell_says_null_and_raises_no_alarm() -> None:
    batch = flows(["benign", "dos"], dst_pkts=[6, None])
    verdicts = Classifier(tiny_bundle(model=graph(guarded=False))).judge(batch)
    assert column(verdicts, "score")[1] is None
    assert column(verdicts, "family") == ["benign", None]
    assert column(verdicts, "p_value")[1] is None
    assert column(verdicts, "unknown") == [False, None]
    assert column(verdicts, "alarm") == [False, False]


def test_reasons_are_the_likeliest_classes_where_the_bundle_knows_no_quantiles() -> None:
    reasons = column(Classifier(tiny_bundle()).judge(flows(["benign", "scanning"])), "reasons")
    assert reasons[0] == []
    assert reasons[1][0].startswith("p(scanning) ")
    assert len(reasons[1]) == 2


def test_reasons_name_the_columns_beyond_benign_where_it_does() -> None:
    quantiles = {"src_ip_bytes": [400, 600, 800], "dst_pkts": [6, 8, 9]}
    calibration = {**tiny_bundle().manifest.calibration, "benign_quantiles": quantiles}
    batch = flows(["benign", "dos"], src_ip_bytes=[600, 5_000_000])
    reasons = column(Classifier(tiny_bundle(calibration=calibration)).judge(batch), "reasons")
    assert reasons[0] == []
    assert reasons[1] == ["src_ip_bytes 5e+06 beyond benign 99 % (8e+02)", "dst_pkts 0 below benign 1 % (6)"]


def test_an_alarm_with_no_value_beyond_benign_says_so_and_names_the_farthest_out_and_the_likeliest_classes() -> None:
    calibration = {**tiny_bundle().manifest.calibration, "benign_quantiles": {"src_ip_bytes": [1, 1000, 1e9]}}
    batch = flows(["benign", "dos", "scanning"], src_ip_bytes=[600, 5_000_000, 1_000])
    reasons = column(Classifier(tiny_bundle(calibration=calibration)).judge(batch), "reasons")
    assert reasons[0] == []
    assert reasons[1][0] == "within benign 1 % to 99 %, farthest out src_ip_bytes 5e+06 (1 to 1e+09, median 1e+03)"
    assert [text.split()[0][:2] for text in reasons[1][1:]] == ["p(", "p("]
    assert len(reasons[2]) == 2, "at the median nothing is to be named"


def test_rate_that_too_few_rows_certify_falls_back_aloud(caplog: pytest.LogCaptureFixture) -> None:
    # 2,000 benign rows certify 0.001 (999 needed), not 0.0001 (9,999 needed).
    with caplog.at_level(logging.WARNING):
        detector = Classifier(tiny_bundle(), 0.0001)
        detector.judge(flows(["benign"]))
    assert detector.false_alarm_rate == "0.001"
    assert [record.getMessage() for record in caplog.records] == [
        "bundle tiny: 2000 benign calibration rows cannot certify a false-alarm rate of 0.0001; using 0.001"
    ]


def test_bundle_that_certifies_no_rate_is_refused() -> None:
    few = {"thresholds": {"0.01": None, "0.05": None}, "benign_rows": 7, "benign_scores": [0.1] * 7}
    calibration = {**tiny_bundle().manifest.calibration, **few}
    with pytest.raises(BundleError, match=r"7 benign calibration rows certify no .* 0\.01 to 0\.05; .* at least 19"):
        Classifier(tiny_bundle(calibration=calibration))
    with pytest.raises(BundleError, match=r"at least 39$"):
        Classifier(tiny_bundle(calibration=calibration), sharing=2)


def test_rate_without_a_threshold_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"rate: 0\.02 has no threshold in bundle tiny; allowed are 0\.0001, 0\.001,"):
        Classifier(tiny_bundle(), 0.02)


def test_bundle_of_other_features_is_refused() -> None:
    columns = tiny_bundle().manifest.columns
    other = tiny_bundle(fingerprint="0" * 16, columns=[*columns[:3], "weight_kg", *columns[4:]])
    with pytest.raises(BundleError, match="column 3 'weight_kg', running is 'duration'"):
        Classifier(other)


def test_bundle_of_a_feature_set_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="no 'con'; did you mean 'conn'"):
        Classifier(tiny_bundle(feature_set="con"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": b"\x08nonsense"}, r"bundle tiny: the runtime refuses model\.onnx \("),
        ({"model": graph(width=5)}, r"refuses model\.onnx \(.*Got: [0-9]+ Expected: 5"),
        ({"model": graph(k=2)}, r"gives probabilities \(2, 2\) for 2 flows and 3 classes"),
        ({"calibration": {"temperature": 1.0}}, "calibration: 'thresholds' is 'missing'; train it again"),
        ({"classes": ["dos", "benign", "scanning"]}, r"classes \['dos', 'benign', 'scanning'\].*'benign' first"),
        ({"classes": [*CLASSES, "xss"]}, "'xss'] with conformity of 3"),
    ],
)
def test_damaged_bundle_is_refused_before_the_first_flow(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        Classifier(tiny_bundle(**changes))


def test_quantiles_that_do_not_fit_are_refused() -> None:
    calibration = {**tiny_bundle().manifest.calibration, "benign_quantiles": {"weight_kg": [1, 2, 3]}}
    with pytest.raises(BundleError, match="'weight_kg', which is no column; train it again"):
        Classifier(tiny_bundle(calibration=calibration))


def test_scores_lie_between_zero_and_one_for_any_counts() -> None:
    rng = np.random.default_rng(11)
    extremes = rng.choice([0, 1, 40, 10**6, 2**62], 200).tolist()
    batch = flows(["benign"] * 200, src_ip_bytes=extremes, dst_pkts=extremes[::-1])
    assert all(0 <= score <= 1 for score in column(Classifier(tiny_bundle()).judge(batch), "score"))


def test_it_follows_drift_of_what_it_does_not_take_for_an_attack() -> None:
    metrics = Metrics()
    detector = Classifier(watching_bundle(), groups=DeviceGroups({"10.0.0.0/24": "cameras"}), metrics=metrics)
    detector.judge(many("benign", 1))
    (as_learnt,) = detector.compared()
    assert (as_learnt.group, as_learnt.moved) == ("cameras", False)
    detector.judge(many("dos", 2, 10_000))
    assert detector.compared() == [], "an attack that it tells is told, and is no drift"
    detector.judge(many("benign", 3, 20_000, duration=[500.0] * 2000))
    assert list(detector.moved) == ["cameras"]
    assert metrics.labelled("redshank_drift_events_total") == {("classifier", "cameras"): 1}


def test_the_oddest_hundredth_of_benign_flows_is_left_out() -> None:
    past = many("benign", 0)
    like = like_benign(past, np.array(column(Classifier(tiny_bundle()).judge(past), "p_value")))
    assert 1960 < like.sum() < 2000
    arp = past.set_column(past.schema.get_field_index("proto"), "proto", pa.array(["arp"] * 2000))
    assert not like_benign(arp, np.ones(2000)).any()


def test_a_bundle_without_a_reference_judges_and_looks_for_no_drift() -> None:
    detector = Classifier(tiny_bundle(), metrics=Metrics())
    detector.judge(flows(["benign"] * 40))
    assert [detector.compares, detector.compared(), dict(detector.moved)] == [False, (), {}]


def test_a_reference_that_is_none_is_refused() -> None:
    calibration = {**tiny_bundle().manifest.calibration, "reference": {"flows": 3}}
    with pytest.raises(BundleError, match="bundle tiny: calibration: 'reference' is {'flows': 3}; train it again"):
        Classifier(tiny_bundle(calibration=calibration))


def knowing(**others: list[str]) -> dict[str, Any]:
    """Return the calibration of a bundle that knows a few flows of each class, or others."""
    encode = FEATURE_SETS.find("conn")().encode
    drawn = {name: written(encode(flows([name] * 8, seed=7))) for name in CLASSES}
    return {**tiny_bundle().manifest.calibration, "known_flows": others or drawn}


def test_a_reason_says_what_known_flows_an_alarm_is_most_like() -> None:
    batch = flows(["benign", "scanning", "dos", "strange"])
    plain = column(Classifier(tiny_bundle()).judge(batch), "reasons")
    told = column(Classifier(tiny_bundle(calibration=knowing())).judge(batch), "reasons")
    assert [some[: len(own)] for some, own in zip(told, plain, strict=True)] == plain
    added = [some[len(own) :] for some, own in zip(told, plain, strict=True)]
    assert added[:3] == [
        [],
        ["most like scanning (5 of the 5 nearest known flows)"],
        ["most like dos (5 of the 5 nearest known flows)"],
    ]
    assert len(added[3]) == 1


def test_beside_a_rule_a_reason_keeps_the_name_of_who_gave_it() -> None:
    told = Classifier(tiny_bundle(calibration=knowing())).judge(flows(["scanning"]))
    hit = {"detector": "signatures", "family": "scanning", "alarm": True, "rules": ["r"], "reasons": ["r (high)"]}
    both = fuse([told, pa.RecordBatch.from_pylist([hit], schema=VERDICT)])
    assert column(both, "reasons")[0][-2:] == [
        "classifier: most like scanning (5 of the 5 nearest known flows)",
        "signatures: r (high)",
    ]


def test_of_a_window_the_flow_itself_is_compared_with_known_flows() -> None:
    made = windowed()
    zeros = " ".join(["0"] * (len(HostWindow.columns) - 1))
    known = {"benign": [f"3 {zeros}"] * 5, "dos": [f"2 {zeros}"] * 5}
    told = {**made.manifest.calibration, "known_flows": known}
    bundle = Bundle(replace(made.manifest, calibration=told), made.model)
    batch = flows(["dos", *["benign"] * 15], src_ip=["10.0.0.5"] * 16, proto=["udp"] * 15 + ["tcp"])
    reasons = column(Classifier(bundle).judge(batch), "reasons")[15]
    assert reasons[-1] == "most like dos (5 of the 5 nearest known flows)"


def test_known_flows_that_are_none_are_refused() -> None:
    with pytest.raises(BundleError, match="bundle tiny: calibration: 'known_flows' is .*, by class; train it again"):
        Classifier(tiny_bundle(calibration=knowing(worms=["1"])))


def test_what_ships_knows_flows_that_tell_the_families_of_a_network_it_has_not_seen() -> None:
    unseen = read("lab/unseen")
    verdicts = Classifier(Bundle.load(default_bundle())).judge(unseen.flows)
    rows = zip(unseen.family.tolist(), column(verdicts, "alarm"), column(verdicts, "reasons"), strict=True)
    attacks = [(family, " ".join(reasons)) for family, alarm, reasons in rows if alarm and family != "benign"]
    agreed = [(family, found[1]) for family, text in attacks if (found := re.search(r"most like (\w+) \(", text))]
    right = sum(family == told for family, told in agreed)
    # Eleven classes: chance is right in one of eleven. 306 of 322 here; 1,270 of 1,326 where every alarm is looked up.
    assert right / len(agreed) > 0.9, f"{right} of {len(agreed)}, of {len(attacks)} attacks that raised an alarm"
    assert len(agreed) > 200
    assert len({family for family, told in agreed if family == told}) >= 7


def test_what_ships_carries_a_reference() -> None:
    bundle = Bundle.load(default_bundle())
    assert Classifier(bundle, metrics=Metrics()).drift is not None
    assert Classifier(bundle).drift is None, "nobody asks"
