from typing import ClassVar

import pyarrow as pa
import pytest

from bundles import Flows, flows, tiny_bundle
from redshank.core.metrics import Metrics
from redshank.detect.detectors.classifier import Classifier
from redshank.pipeline import tally
from redshank.pipeline.run import run
from runs import ATTACK, Constant


@pytest.fixture
def detector() -> Classifier:
    return Classifier(tiny_bundle())


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


def test_quiet_devices_are_forgotten_first(detector: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "TALKERS_KEPT", 5)
    kinds = ["benign"] * 40
    many = [flows(kinds, src_ip=[f"10.{batch}.0.{i}" for i in range(40)]) for batch in range(5)]
    loud = flows(kinds, src_ip=["10.9.9.9"] * 40)
    done = run(Flows([loud, *many]), [detector])
    assert done.talkers[0].device == "10.9.9.9"
    assert done.talkers[0].flows == 40


def test_byte_counts_without_bounds_do_not_wrap(detector: Classifier) -> None:
    huge = flows(["benign"] * 3, src_ip_bytes=[2**62] * 3, dst_ip_bytes=[2**62] * 3)
    assert run(Flows([huge]), [detector]).talkers[0].ip_bytes == pytest.approx(6 * 2**62)


class Forgetful(Constant):
    """Forgets three devices with the first batch, five with the second, and begins anew with the third."""

    counts: ClassVar[list[int]] = [0, 5, 3]

    @property
    def forgotten(self) -> dict[str, int]:
        return {"host_window": self.counts[-1]}

    def judge(self, flows: pa.RecordBatch) -> pa.RecordBatch:
        verdicts = super().judge(flows)
        if flows.column("uid")[0].as_py() != "C0x0":
            self.counts.pop()
        return verdicts


def test_devices_that_a_detector_forgot_are_counted_once() -> None:
    metrics = Metrics()
    run(Flows([flows(["benign"], seed) for seed in range(3)]), [Forgetful(0.1, "benign", False)], metrics=metrics)
    assert metrics.labelled("redshank_forgotten_total") == {("test_tally", "host_window"): 5}
