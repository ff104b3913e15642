import logging
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bundles import Flows, flows, tiny_bundle
from redshank.alerts.sinks.eve import Eve
from redshank.core.errors import SourceError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.detect.detector import Detector
from redshank.detect.detectors.classifier import Classifier
from redshank.pipeline.run import run
from redshank.pipeline.verdict_file import VERDICT_ROW
from runs import ATTACK, Memory


@pytest.fixture
def detector() -> Classifier:
    return Classifier(tiny_bundle())


def test_attack_becomes_alerts_a_row_per_flow_and_a_summary(detector: Classifier, tmp_path: Path) -> None:
    sink, told = Memory(), list[Alert]()
    path = tmp_path / "verdicts.parquet"
    done = run(Flows([flows(ATTACK)]), [detector], [sink], verdicts=path, tell=told.append)
    assert {(alert.device, alert.family) for alert in sink.alerts} == {
        ("10.0.0.66", "scanning"),
        ("10.0.0.66", "dos"),
    }
    assert told == sink.alerts
    assert sink.closed == 1
    assert (done.flows, done.packets, done.packet_bytes) == (100, 1000, 100_000)
    assert done.verdicts["scanning"] == 30
    assert done.verdicts["dos"] == 10
    assert sum(done.verdicts.values()) == 100
    assert done.alerts == {("dos", "high"): 1, ("scanning", "medium"): 1}  # ten targets raise a flood a step
    assert done.anomalies == {"decode.ipv4_truncated": 1}
    assert [talker.device for talker in done.talkers] == ["10.0.0.66", "10.0.0.5"]
    assert (done.undelivered, done.interrupted) == ({}, False)
    assert done.seconds > 0
    table = pq.read_table(path)
    assert table.schema.names == VERDICT_ROW.names
    assert table.num_rows == 100
    assert table.column("uid").to_pylist() == [f"C0x{i}" for i in range(100)]
    assert sum(table.column("alarm").to_pylist()) == done.alarms


def test_flows_without_time_or_addresses_do_not_stop_the_run(detector: Classifier, tmp_path: Path) -> None:
    n = len(ATTACK)
    masked = flows(ATTACK, ts=[None] * n, src_ip=[None] * n, dst_ip=[None] * n, uid=[None] * n)
    sink = Memory()
    run(Flows([masked]), [detector], [sink, Eve(tmp_path / "eve.json")], verdicts=tmp_path / "verdicts.parquet")
    assert {alert.device for alert in sink.alerts} == {""}
    assert {alert.first_seen_s for alert in sink.alerts} == {0.0}
    assert pq.read_table(tmp_path / "verdicts.parquet").column("ts").null_count == n
    assert len((tmp_path / "eve.json").read_text().splitlines()) == len(sink.alerts)


def test_sink_that_fails_is_counted_and_the_rest_goes_on(
    detector: Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    broken, healthy, metrics = Memory("dos"), Memory(), Metrics()
    late = flows(["dos"] * 5, ts=[1_800_000_000_000_000_000] * 5)
    with caplog.at_level(logging.WARNING):
        done = run(Flows([flows(ATTACK), late]), [detector], [broken, healthy], metrics=metrics)
    assert done.undelivered == {"runs": 2}
    assert [alert.family for alert in broken.alerts] == ["scanning"]
    assert sorted(alert.family for alert in healthy.alerts) == ["dos", "dos", "scanning"]
    assert [record.getMessage().endswith("only counted") for record in caplog.records] == [True]
    assert metrics.labelled("redshank_deliveries_total")["runs", "failed"] == 2


def test_source_that_stops_has_its_alerts_delivered_and_leaves_no_file(detector: Classifier, tmp_path: Path) -> None:
    sink = Memory()
    source = Flows([flows(ATTACK)], SourceError("wire0: the interface went down"))
    with pytest.raises(SourceError, match="wire0: the interface went down"):
        run(source, [detector], [sink], verdicts=tmp_path / "verdicts.parquet")
    assert {alert.family for alert in sink.alerts} == {"scanning", "dos"}
    assert sink.closed == 1
    assert list(tmp_path.iterdir()) == []


def test_interrupt_between_batches_closes_everything(detector: Classifier, tmp_path: Path) -> None:
    sink = Memory()
    source = Flows([flows(ATTACK)], KeyboardInterrupt())
    done = run(source, [detector], [sink], verdicts=tmp_path / "verdicts.parquet")
    assert done.interrupted
    assert {alert.family for alert in sink.alerts} == {"scanning", "dos"}
    assert sink.closed == 1
    assert pq.read_table(tmp_path / "verdicts.parquet").num_rows == 100


@dataclass(frozen=True)
class Pressing(Detector):
    """Press Ctrl-C while judging."""

    inner: Detector

    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        os.kill(os.getpid(), signal.SIGINT)
        return self.inner.judge(flows)


def test_interrupt_within_a_batch_waits_until_the_batch_is_counted(detector: Classifier, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    done = run(Flows([flows(ATTACK), flows(ATTACK)]), [Pressing(detector)], verdicts=tmp_path / "verdicts.parquet")
    assert done.interrupted
    assert done.flows == 100
    assert pq.read_table(tmp_path / "verdicts.parquet").num_rows == 100
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_asks_an_endless_source_to_end_and_judges_what_it_held(detector: Classifier) -> None:
    source = Flows([flows(ATTACK), flows(ATTACK)])
    done = run(source, [Pressing(detector)], endless=True)
    assert source.stopping
    assert done.interrupted  # by the second batch's Ctrl-C; the first only asked
    assert done.flows == 200


def test_detection_loads_no_training_library() -> None:
    code = (
        "import sys, redshank.pipeline.run, redshank.alerts.sinks.eve, redshank.detect.detectors.classifier\n"
        "import redshank.features.feature_sets.conn\n"
        "print(sorted({'torch', 'sklearn', 'pandas', 'onnx', 'lightgbm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
