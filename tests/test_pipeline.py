import logging
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bundles import Flows, flows, tiny_bundle
from redshank import pipeline
from redshank.alerts.group import GroupSettings
from redshank.alerts.sink import Sink
from redshank.alerts.sinks.eve import Eve
from redshank.core.errors import ActionError, ConfigError, DeliveryError, SourceError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.core.schema import verdict_batch
from redshank.detect.detector import Detector
from redshank.detect.detectors.classifier import Classifier
from redshank.pipeline import VERDICT_ROW, run

ATTACK = ["benign"] * 60 + ["scanning"] * 30 + ["dos"] * 10


@dataclass
class Memory(Sink):
    """Keep alerts; fail on those of one family."""

    fails_on: str = ""
    alerts: list[Alert] = field(default_factory=list)
    closed: int = 0

    def deliver(self, alert: Alert) -> None:
        if alert.family == self.fails_on:
            raise DeliveryError(f"memory: alert {alert.id} not kept")
        self.alerts.append(alert)

    def close(self) -> None:
        self.closed += 1


@dataclass(frozen=True)
class Constant(Detector):
    """Give every flow the same verdict."""

    score: float | None
    family: str | None
    alarm: bool

    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        n = flows.num_rows
        columns = {
            "uid": flows.column("uid"),
            "ts": flows.column("ts"),
            "detector": pa.array(["constant"] * n),
            "score": pa.array([self.score] * n, pa.float64()),
            "family": pa.array([self.family] * n, pa.string()),
            "alarm": pa.array([self.alarm] * n),
        }
        return verdict_batch(columns, n)


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


def test_a_folder_in_the_way_of_the_verdicts_is_named_before_the_work(detector: Classifier, tmp_path: Path) -> None:
    (tmp_path / "verdicts.parquet").mkdir()
    sink = Memory()
    with pytest.raises(ConfigError, match=r"verdicts.parquet: is a folder, where verdicts are to be written"):
        run(Flows([flows(ATTACK)]), [detector], [sink], verdicts=tmp_path / "verdicts.parquet")
    assert (sink.alerts, sink.closed) == ([], 1)


def test_verdicts_are_written_where_the_name_is_no_utf_8(detector: Classifier, tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.parquet")
    run(Flows([flows(ATTACK)]), [detector], verdicts=path)
    with path.open("rb") as stream:
        assert pq.read_table(stream).num_rows == 100


def test_rows_do_not_depend_on_how_the_source_cuts_its_batches(detector: Classifier, tmp_path: Path) -> None:
    whole = flows(ATTACK)
    one, many = Memory(), Memory()
    run(Flows([whole]), [detector], [one], verdicts=tmp_path / "one.parquet")
    cut = [whole.slice(start, 7) for start in range(0, 100, 7)]
    run(Flows(cut), [detector], [many], verdicts=tmp_path / "many.parquet")
    left, right = pq.read_table(tmp_path / "one.parquet"), pq.read_table(tmp_path / "many.parquet")
    assert left.drop_columns(["score", "reasons"]) == right.drop_columns(["score", "reasons"])
    assert left.column("score").to_pylist() == pytest.approx(right.column("score").to_pylist(), abs=1e-6)
    assert [(a.id, a.count) for a in one.alerts] == [(a.id, a.count) for a in many.alerts]


def test_source_without_a_flow_gives_an_empty_file_and_no_alert(detector: Classifier, tmp_path: Path) -> None:
    done = run(Flows([]), [detector], [Memory()], verdicts=tmp_path / "verdicts.parquet")
    assert (done.flows, done.alerts, done.verdicts, done.talkers) == (0, {}, {}, ())
    assert pq.read_table(tmp_path / "verdicts.parquet").schema.equals(VERDICT_ROW)


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
    assert done.undelivered == {"test_pipeline": 2}
    assert [alert.family for alert in broken.alerts] == ["scanning"]
    assert sorted(alert.family for alert in healthy.alerts) == ["dos", "dos", "scanning"]
    assert [record.getMessage().endswith("only counted") for record in caplog.records] == [True]
    assert metrics.labelled("redshank_deliveries_total")["test_pipeline", "failed"] == 2


def test_metrics_count_what_the_summary_says(detector: Classifier) -> None:
    metrics = Metrics()
    done = run(Flows([flows(ATTACK), flows(ATTACK, seed=1)]), [detector], metrics=metrics)
    assert metrics.total("redshank_packets_total") == done.packets == 2000
    assert metrics.total("redshank_packet_bytes_total") == done.packet_bytes
    assert metrics.labelled("redshank_flows_total") == {("final", "closed"): 200}
    assert metrics.labelled("redshank_anomalies_total") == {("decode", "ipv4_truncated"): 2}
    verdicts = metrics.labelled("redshank_verdicts_total")
    assert {family: count for (_, family), count in verdicts.items()} == done.verdicts
    assert metrics.total("redshank_alerts_total") == sum(done.alerts.values())


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


def parts(batch: pa.RecordBatch, *names: str) -> pa.RecordBatch:
    """Return the rows as interim or final rows, as named."""
    return batch.set_column(batch.schema.get_field_index("part"), "part", pa.array(names, pa.string()))


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
    monkeypatch.setattr("redshank.pipeline.TOLD_KEPT", 1)
    early = parts(flows(["scanning"] * 3), *["interim"] * 3)
    done = run(Flows([early, parts(flows(["scanning"] * 3), *["final"] * 3)]), [detector])
    assert (done.flows, done.alarms) == (3, 5)


def test_an_interrupt_asks_an_endless_source_to_end_and_judges_what_it_held(detector: Classifier) -> None:
    source = Flows([flows(ATTACK), flows(ATTACK)])
    done = run(source, [Pressing(detector)], endless=True)
    assert source.stopping
    assert done.interrupted  # by the second batch's Ctrl-C; the first only asked
    assert done.flows == 200


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


def test_quiet_devices_are_forgotten_first(detector: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "TALKERS_KEPT", 5)
    kinds = ["benign"] * 40
    many = [flows(kinds, src_ip=[f"10.{batch}.0.{i}" for i in range(40)]) for batch in range(5)]
    loud = flows(kinds, src_ip=["10.9.9.9"] * 40)
    done = run(Flows([loud, *many]), [detector])
    assert done.talkers[0].device == "10.9.9.9"
    assert done.talkers[0].flows == 40


def test_byte_counts_without_bounds_do_not_wrap(detector: Classifier) -> None:
    huge = flows(["benign"] * 3, src_ip_bytes=[2**62] * 3, dst_ip_bytes=[2**62] * 3)
    assert run(Flows([huge]), [detector]).talkers[0].ip_bytes == pytest.approx(6 * 2**62)


def test_full_disk_is_one_clear_error_and_leaves_no_file(detector: Classifier, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises(ActionError, match=r"verdicts.parquet: verdicts cannot be written \(.*File too large\)"):
            run(Flows([flows(ATTACK * 20)]), [detector], verdicts=tmp_path / "verdicts.parquet")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_long_run_writes_in_stretches(detector: Classifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "ROW_GROUP", 150)

    def batches() -> Iterator[pa.RecordBatch]:
        for seed in range(5):
            yield flows(ATTACK, seed)

    run(Flows(list(batches())), [detector], verdicts=tmp_path / "verdicts.parquet")
    file = pq.ParquetFile(tmp_path / "verdicts.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)] == [200, 200, 100]
    assert pc.count_distinct(file.read().column("uid")).as_py() == 500


def test_detection_loads_no_training_library() -> None:
    code = (
        "import sys, redshank.pipeline, redshank.alerts.sinks.eve, redshank.detect.detectors.classifier\n"
        "import redshank.features.feature_sets.conn\n"
        "print(sorted({'torch', 'sklearn', 'pandas', 'onnx', 'lightgbm'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
