from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bundles import Flows, flows, tiny_bundle
from redshank.alerts.group import GroupSettings
from redshank.core.metrics import Metrics
from redshank.detect.detectors.classifier import Classifier
from redshank.pipeline import judging
from redshank.pipeline.run import run
from runs import Constant, Memory, parts


@pytest.fixture
def detector() -> Classifier:
    return Classifier(tiny_bundle())


def test_an_attack_is_told_while_it_lasts_and_once(detector: Classifier, tmp_path: Path) -> None:
    early = parts(flows(["scanning", "benign"]), "interim", "interim")
    late = parts(flows(["scanning", "benign"]), "final", "final")
    sink = Memory()
    done = run(Flows([early, early, late]), [detector], [sink], verdicts=tmp_path / "verdicts.parquet")
    assert (done.flows, done.interim, done.alarms) == (2, 4, 1)
    assert done.verdicts == {"scanning": 1, "benign": 1}
    assert [(alert.family, alert.count) for alert in sink.alerts] == [("scanning", 1)]
    written = pq.read_table(tmp_path / "verdicts.parquet", columns=["uid", "part"]).to_pylist()
    assert [row["part"] for row in written] == ["interim"] * 4 + ["final"] * 2


def test_a_flow_whose_last_row_alarms_first_counts_then(detector: Classifier) -> None:
    kinds = [("benign", "interim"), ("scanning", "final")]
    batches = [parts(flows([kind]), part) for kind, part in kinds]
    done = run(Flows(batches), [detector], [sink := Memory()])
    assert (done.flows, done.interim, done.alarms) == (1, 1, 1)
    assert [alert.count for alert in sink.alerts] == [1]


def test_of_flows_told_before_their_end_the_oldest_is_forgotten(
    detector: Classifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judging, "TOLD_KEPT", 1)
    early = parts(flows(["scanning"] * 3), *["interim"] * 3)
    metrics = Metrics()
    done = run(Flows([early, parts(flows(["scanning"] * 3), *["final"] * 3)]), [detector], metrics=metrics)
    assert (done.flows, done.alarms) == (3, 5)
    assert metrics.named("redshank_forgotten_total") == {"judging.told": 2}


def test_what_groups_put_out_for_want_of_room_or_never_told_is_counted(detector: Classifier) -> None:
    metrics, grouping = Metrics(), GroupSettings(most_open=2, chance=1e-9, least_alarms=50, most_devices=1)
    devices = [f"10.0.1.{n}" for n in range(5)]
    run(Flows([flows(["scanning"] * 5, src_ip=devices)]), [detector], grouping=grouping, metrics=metrics)
    assert metrics.named("redshank_forgotten_total") == {"alerts.evidence": 4, "alerts.groups": 3}
    assert metrics.total("redshank_unsaid_groups_total") == 5
    metrics, grouping = Metrics(), GroupSettings(most_targets_in_all=2)
    targets = [f"10.0.1.{n}" for n in range(15)]
    run(Flows([flows(["scanning"] * 15, dst_ip=targets)]), [detector], grouping=grouping, metrics=metrics)
    assert metrics.named("redshank_forgotten_total") == {"alerts.targets": 3}


def test_of_several_detectors_the_strongest_verdict_counts() -> None:
    quiet, sure, silent = Constant(0.4, "benign", False), Constant(0.3, "dos", True), Constant(None, None, False)
    assert run(Flows([flows(["benign"])]), [silent, quiet, sure]).verdicts == {"dos": 1}
    assert run(Flows([flows(["benign"])]), [silent, quiet]).verdicts == {"benign": 1}
    assert run(Flows([flows(["benign"])]), [silent]).verdicts == {"undecided": 1}


def test_grouping_follows_its_settings(detector: Classifier) -> None:
    sink = Memory()
    source = Flows([flows(["dos"] * 100, src_ip_bytes=[5_000_000] * 100)])
    run(source, [detector], [sink], grouping=GroupSettings(window_s=10))
    assert [alert.count for alert in sink.alerts] == [10] * 10


def test_flows_that_begin_together_are_weighed_together(detector: Classifier) -> None:
    kinds = (["scanning"] + ["benign"] * 10) * 5
    rows = flows(kinds, src_ip=["10.0.0.66"] * len(kinds))
    batches = [parts(rows, *[part] * len(kinds)) for part in ("interim", "final")]
    done = run(Flows(batches), [detector], [sink := Memory()], grouping=GroupSettings(chance=1e-6, early=True))
    assert (done.flows, done.alarms, sink.alerts) == (55, 5, [])


def test_a_flow_that_begins_and_ends_in_one_batch_counts_once(detector: Classifier) -> None:
    both = pa.concat_batches([parts(flows(["scanning", "benign"]), part, part) for part in ("interim", "final")])
    done = run(Flows([both, both]), [detector], [sink := Memory()])
    assert (done.flows, done.alarms) == (4, 2)
    assert [alert.count for alert in sink.alerts] == [2]
