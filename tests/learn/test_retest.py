import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from bundles import graph, tiny_bundle
from labelled import labelled
from redshank.core.bundle import Bundle
from redshank.core.errors import ActionError, BundleError
from redshank.core.schema import FLOW
from redshank.data.clean import groups
from redshank.detect.detectors.classifier import Classifier
from redshank.features.feature_set import FEATURE_SETS
from redshank.learn.compare import OVER_ROWS, compare
from redshank.learn.retest import WHOLE, retest
from redshank.learn.train import make_bundle


@pytest.fixture(scope="module")
def trained() -> tuple[Bundle, dict[str, float | None]]:
    comparison, model, parts = compare(
        labelled(), "fnn", beside=(), task="family", settings={"epochs": 1, "units": 8, "blocks": 1}, seeds=(3,)
    )
    return make_bundle(model, parts, "mine", {}), comparison.models[0].evaluations[0].vector.headline


def test_the_test_part_is_the_one_training_left_aside(trained: tuple[Bundle, dict[str, float | None]]) -> None:
    bundle, figures = trained
    found = retest(bundle, labelled())
    assert found.protocol == "leakfree"
    assert found.interval == OVER_ROWS
    again = found.models[0].evaluations[0].vector.headline
    assert {k: v for k, v in again.items() if v is not None} == pytest.approx(
        {k: v for k, v in figures.items() if v is not None}, abs=1e-4
    )
    assert not any("trained on" in note for note in found.notes)


def test_the_whole_of_its_own_dataset_comes_with_a_warning(trained: tuple[Bundle, dict[str, float | None]]) -> None:
    found = retest(trained[0], labelled(), whole=True)
    assert found.protocol == WHOLE
    assert "trained on rows of this very dataset" in found.notes[0]
    evaluation = found.models[0].evaluations[0]
    assert evaluation.row.rows == 600
    assert evaluation.vector.rows == found.rows["test"] < 600, "each distinct vector counts once"


def test_the_whole_of_another_dataset_comes_without(trained: tuple[Bundle, dict[str, float | None]]) -> None:
    found = retest(trained[0], labelled(seed=8), whole=True)
    assert not any("very dataset" in note for note in found.notes)
    assert found.provenance["bundle"]["dataset"] == "drawn"


def test_the_test_part_of_other_data_is_noted(trained: tuple[Bundle, dict[str, float | None]]) -> None:
    found = retest(trained[0], labelled(seed=8))
    assert found.notes[0] == "the bundle was trained on other data (drawn); --whole would test every row"


def test_a_family_the_bundle_does_not_know_counts_as_attack_and_is_listed(
    trained: tuple[Bundle, dict[str, float | None]],
) -> None:
    other = labelled(300, seed=5, kinds=("benign", "dos", "strange"))
    for whole in (False, True):
        found = retest(trained[0], other, whole=whole)
        evaluation = found.models[0].evaluations[0]
        strange = next(f for f in evaluation.families if f.name == "strange")
        assert strange.known is False
        assert f"counted as attack only: strange ({strange.support})" in " ".join(found.notes)
        attacks = evaluation.vector.rows - evaluation.vector.decisions[0].benign
        assert attacks == sum(f.support for f in evaluation.families if f.name != "benign")
        assert sum(map(sum, evaluation.vector.confusion)) == evaluation.vector.rows - strange.support


def test_a_binary_bundle_knows_every_family_as_attack() -> None:
    found = retest(tiny_bundle(2), labelled(300, kinds=("benign", "dos", "strange")), whole=True)
    assert all(f.known for f in found.models[0].evaluations[0].families)
    assert sum(map(sum, found.models[0].evaluations[0].vector.confusion)) == found.rows["test"]


def test_benign_traffic_alone_can_be_tested_whole() -> None:
    found = retest(tiny_bundle(), labelled(200, kinds=("benign",)), whole=True)
    headline = found.models[0].headline
    assert headline["recall"].mean is None
    assert headline["fpr"].mean is not None


def test_a_dataset_without_rows_is_named() -> None:
    with pytest.raises(ActionError, match="drawn: holds no flows to score"):
        retest(tiny_bundle(), labelled(0), whole=True)


@pytest.mark.parametrize("seed", ["x", -1, None, True, 2**32, [1]])
@pytest.mark.parametrize("name", ["seed", "partition_seed"])
def test_a_seed_that_is_none_is_refused(name: str, seed: object) -> None:
    provenance = {**tiny_bundle().manifest.provenance, "sha256": "1", name: seed}
    with pytest.raises(BundleError, match=rf"bundle tiny: provenance: '{name}' is {re.escape(repr(seed))}, wanted 0"):
        retest(tiny_bundle(provenance=provenance), labelled(50))


def test_other_features_are_refused() -> None:
    with pytest.raises(BundleError, match="bundle tiny: made for feature set conn"):
        retest(tiny_bundle(fingerprint="0" * 16), labelled(50))


@pytest.mark.parametrize(
    ("calibration", "message"),
    [({}, "bundle tiny: calibration: 'temperature' is 'missing'; train it again"), (None, "calibrated for 2 classes")],
)
def test_a_damaged_calibration_is_refused(calibration: dict[str, float] | None, message: str) -> None:
    wrong = tiny_bundle(2).manifest.calibration if calibration is None else calibration
    with pytest.raises(BundleError, match=message):
        retest(tiny_bundle(calibration=wrong), labelled(50))


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (b"no graph", r"bundle tiny: the runtime refuses model\.onnx \("),
        (graph(2), r"bundle tiny: model\.onnx gives probabilities \(2, 2\) for 2 flows and 3 classes"),
        (graph(3, width=3), r"refuses model\.onnx \(.*Expected: 3"),
        (graph(3, guarded=False), "bundle tiny: its graph gives no number for row 4; train it again"),
    ],
)
def test_a_graph_that_does_not_fit_is_one_line(damaged: bytes, message: str) -> None:
    bundle = replace(tiny_bundle(), model=damaged)
    drawn = labelled(50)
    pkts = drawn.flows.column("dst_pkts").to_pylist()
    unknowable = drawn.flows.set_column(
        drawn.flows.schema.get_field_index("dst_pkts"), FLOW.field("dst_pkts"), pa.array([*pkts[:4], None, *pkts[5:]])
    )
    with pytest.raises(BundleError, match=message) as caught:
        retest(bundle, replace(drawn, flows=unknowable), whole=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "value"), [("seed", "x"), ("seed", True), ("partition_seed", -1)])
def test_a_provenance_without_a_usable_seed_is_refused(name: str, value: object) -> None:
    with pytest.raises(BundleError, match=f"bundle tiny: provenance: '{name}' is {value!r}, wanted 0 to "):
        retest(tiny_bundle(provenance={name: value}), labelled(200))


def test_the_detector_raises_the_alarms_that_were_measured() -> None:
    # Every ninth flow of a scan is drawn again as a benign one, and the other way around: vectors of two classes.
    drawn = labelled(2000, kinds=("benign", "dos", "scanning", "strange"))
    again = np.flatnonzero(np.isin(drawn.family, ["benign", "scanning"]))[::9]
    other = np.where(drawn.family[again] == "benign", "scanning", "benign")
    both = pa.Table.from_batches([drawn.flows, drawn.flows.take(pa.array(again))]).combine_chunks().to_batches()[0]
    drawn = replace(drawn, flows=both, family=np.concatenate([drawn.family, other]))
    measured = retest(tiny_bundle(), drawn, whole=True).models[0].evaluations[0]
    unknown = Classifier(tiny_bundle()).judge(drawn.flows).column("unknown").to_numpy(zero_copy_only=False)
    benign = drawn.family == "benign"
    for rate in ("0.05", "0.01", "0.001"):
        alarm = Classifier(tiny_bundle(), float(rate)).judge(drawn.flows).column("alarm").to_numpy(zero_copy_only=False)
        decision = measured.row.decision(rate)
        assert decision is not None
        assert (decision.benign, decision.false_alarms) == (benign.sum(), (alarm & benign).sum())
        assert decision.recall == pytest.approx(alarm[~benign].mean())
    assert 5 < (alarm & benign).sum() < benign.sum(), "both kinds of flow are told apart, not all alike"
    assert (unknown & ~benign).sum() > 5
    _, first = np.unique(groups(FEATURE_SETS.find("conn")().encode(drawn.flows)), return_index=True)
    decision = measured.vector.decision("0.01")
    assert decision is not None
    rows = {"benign": decision.benign, "attack": measured.vector.rows - decision.benign}
    told = sum(share * rows[who] for who, share in measured.unknown.items() if share is not None)
    assert told == pytest.approx(unknown[first].sum())


def test_no_torch_is_needed() -> None:
    code = (
        "import sys, redshank.learn.retest, redshank.report.results, redshank.report.evaluation\n"
        "print(sorted({'torch', 'lightgbm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
