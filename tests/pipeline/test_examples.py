from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bundles import START_NS, flows, tiny_bundle
from redshank.alerts.group import Groups, GroupSettings
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.detect.detectors.classifier import Classifier
from redshank.pipeline import examples as module
from redshank.pipeline.examples import BATCH_ROWS, Remembering
from redshank.store.alerts import Alerts
from redshank.store.database import Database
from redshank.store.examples import MOST, Examples
from redshank.store.question import ALERT, Question, flow_rows
from redshank.store.queue import Queue
from runs import Constant, parts

NOW_S = 1_700_000_000.0


@dataclass
class Site:
    """Judging and recording as a service has them, step by step."""

    database: Database
    classifier: Classifier = field(default_factory=lambda: Classifier(tiny_bundle()))
    groups: Groups = field(default_factory=Groups)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        watching = Constant(None, None, alarm=False)
        self.remembering = Remembering(self.database, [watching, self.classifier], self.metrics, lambda: NOW_S)

    def see(self, batch: pa.RecordBatch) -> list[Alert]:
        verdicts = self.classifier.judge(batch)
        self.remembering.see(batch, verdicts)
        return self.groups.add(batch, verdicts)

    def tell(self, alerts: list[Alert]) -> None:
        Alerts(self.database).record(alerts, [], NOW_S)
        self.remembering.told(alerts)
        self.remembering.finish(20)

    def kept(self, alert: Alert) -> list[Question]:
        return Examples(self.database).of([alert.id]).get(alert.id, [])

    def counted(self, outcome: str) -> int:
        return self.metrics.labelled("redshank_examples_total").get((outcome,), 0)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    database = Database(tmp_path / "redshank.db", create=True)
    yield Site(database)
    database.close()


def test_an_alert_has_flows_of_its_evidence_with_what_the_model_saw(site: Site) -> None:
    site.see(flows(["benign"] * 10 + ["scanning"] * 20 + ["dos"] * 20))
    told = site.groups.finish()
    site.tell(told)
    assert {one.family for one in told} == {"scanning", "dos"}
    for alert in told:
        kept = site.kept(alert)
        assert len(kept) == MOST
        assert {one.uid for one in kept} <= {flow.uid for flow in alert.evidence}
        for one in kept:
            np.testing.assert_array_equal(site.classifier._features.encode(flow_rows([one.flow]))[0], one.values)
            assert (one.strategy, one.wanted, one.at_random, one.bundle) == (ALERT, 0, False, "tiny")
            assert one.why == f"nobody was asked: it is evidence of alert {alert.id}, which was called a false alarm"
            assert (one.fingerprint, one.asked_at_s) == (site.classifier.fingerprint, NOW_S)
            assert one.classes[int(np.argmax(one.probabilities))] == alert.family
    assert site.counted("kept") == 2 * MOST
    assert Queue(site.database).questions() == []


def test_flows_that_look_the_same_to_the_model_are_one_example(site: Site) -> None:
    site.see(flows(["scanning"] * 20, src_ip_bytes=[44] * 20, dst_pkts=[0] * 20, src_port=[40_000] * 20))
    (alert,) = site.groups.finish()
    site.tell([alert])
    assert len(alert.evidence) == 10
    assert len(site.kept(alert)) == 1


def test_an_alert_that_grows_gets_what_it_did_not_have_and_no_more_than_its_share(site: Site) -> None:
    site.see(flows(["scanning"] * 40))
    (alert,) = site.groups.finish()
    site.tell([replace(alert, evidence=alert.evidence[:1], over=False)])
    assert len(site.kept(alert)) == 1
    site.tell([replace(alert, revision=1, over=False)])
    assert len(site.kept(alert)) == MOST
    site.tell([replace(alert, revision=2)])
    assert site.counted("kept") == MOST


def test_alerts_that_are_over_take_no_room_from_one_that_goes_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TOLD", 1)
    site.see(flows(["scanning"] * 40 + ["dos"] * 40))
    scan, flood = sorted(site.groups.finish(), key=lambda one: one.family, reverse=True)
    site.tell([replace(scan, over=False), flood])
    site.tell([replace(scan, revision=1)])
    assert site.counted("kept") == len(site.kept(scan)) + len(site.kept(flood)) == 2 * MOST


def test_of_a_flow_that_goes_on_the_row_that_raised_the_alarm_is_kept(site: Site) -> None:
    early = parts(flows(["scanning"]), "interim")
    site.see(early)
    last = parts(flows(["scanning"], src_ip_bytes=[50]), "final")
    site.remembering.see(last, site.classifier.judge(last))  # a flow's alarm counts once
    (alert,) = site.groups.finish()
    site.tell([alert])
    assert [one.flow["src_ip_bytes"] for one in site.kept(alert)] == early.column("src_ip_bytes").to_pylist()


def test_of_a_flow_that_was_unknown_while_it_went_on_the_row_that_is_evidence_is_kept(site: Site) -> None:
    early = parts(flows(["strange"]), "interim")
    site.remembering.see(early, site.classifier.judge(early))
    last = parts(flows(["scanning"], src_ip_bytes=[50], src_ip=["10.0.0.66"]), "final")
    site.see(last)
    (alert,) = site.groups.finish()
    site.tell([alert])
    assert [one.flow["src_ip_bytes"] for one in site.kept(alert)] == [50]


def test_every_alert_that_is_told_with_its_batch_has_an_example_however_many_there_are(site: Site) -> None:
    site.groups = Groups(GroupSettings(early=True))
    many = 4 * BATCH_ROWS
    told = site.see(flows(["scanning"] * many, src_ip=[f"10.0.{at // 200}.{at % 200}" for at in range(many)]))
    site.tell(told)
    assert len(told) == many
    assert all(site.kept(one) for one in told)
    assert (site.counted("kept"), site.counted("none"), site.counted("shed")) == (many, 0, 0)


def test_alerts_of_two_windows_in_one_batch_both_have_examples(site: Site) -> None:
    times = [START_NS + at * 1_000_000_000 for at in (*range(20), *range(300, 320))]
    sizes = [47] * 20 + [40] * 20  # those of the first window are the stronger ones
    told = site.see(flows(["scanning"] * 40, ts=times, src_ip_bytes=sizes)) + site.groups.finish()
    site.tell(told)
    assert len(told) == 2
    assert all(site.kept(one) for one in told)


def test_a_flow_of_the_same_name_is_not_the_flow(site: Site) -> None:
    site.see(flows(["scanning"] * 3))
    (alert,) = site.groups.finish()
    site.tell([replace(alert, evidence=tuple(replace(flow, dst_ip="10.9.9.9") for flow in alert.evidence))])
    assert site.kept(alert) == []
    assert site.counted("none") == 1


def test_memory_is_bounded_whatever_comes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", 100)
    monkeypatch.setattr(module, "MOST_WAITING", 1)
    for seed in range(5):
        many: dict[str, Any] = {"src_ip": [f"10.{seed}.{at // 200}.{at % 200}" for at in range(1_000)]}
        site.see(flows(["scanning"] * 1_000, seed=seed, **many))
        assert site.remembering.remembered <= 100
    assert len(site.remembering._of) == site.remembering.remembered == BATCH_ROWS
    told = site.groups.finish()
    Alerts(site.database).record(told, [], NOW_S)
    site.remembering.told(told)
    site.remembering.finish(20)
    # The last batch is there whole; how many of it are written depends on how fast the store is.
    assert site.counted("kept") >= 1
    assert site.counted("kept") + site.counted("shed") == 1_000
    assert site.counted("none") == len(told) - 1_000


def test_one_device_of_a_flood_leaves_room_for_the_others(site: Site) -> None:
    site.see(flows(["scanning"] * 200, src_ip=["10.0.0.66"] * 190 + ["10.0.0.67"] * 10))
    told = site.groups.finish()
    site.tell(told)
    assert {(one.device, len(site.kept(one))) for one in told} == {("10.0.0.66", MOST), ("10.0.0.67", MOST)}


def test_what_the_store_refuses_is_kept_and_tried_again(site: Site) -> None:
    site.see(flows(["scanning"] * 5))
    (alert,) = site.groups.finish()
    Alerts(site.database).record([alert], [], NOW_S)
    path = Path(site.database.name)
    path.rename(path.with_suffix(".away"))
    site.remembering.told([alert])
    site.remembering.finish(20)
    assert site.remembering.problem.startswith("examples: store: ")
    assert site.metrics.named("redshank_lost_total")["examples"] == MOST, "nobody would try them again"
    path.with_suffix(".away").rename(path)
    site.remembering.finish(20)
    assert site.remembering.problem == ""
    assert len(site.kept(alert)) == MOST


def test_flows_that_no_model_judged_or_that_raised_nothing_are_not_remembered(site: Site) -> None:
    site.see(flows(["benign"] * 50))
    other = flows(["scanning"] * 5)
    site.remembering.see(other, site.classifier.judge(flows(["scanning"] * 5)))
    assert site.remembering.remembered == 0
