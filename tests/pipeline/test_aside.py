from dataclasses import replace

import pyarrow as pa
import pytest

from records import alert
from redshank.core.schema import VERDICT
from redshank.pipeline import aside as module
from redshank.pipeline.aside import AFTER_NS, Aside, judged_benign

S = 1_000_000_000
SCAN = replace(
    alert(id="scan", device="10.0.0.7"), targets=("10.0.0.1", "10.0.0.2"), target_count=2, first_seen_s=100.0,
    last_seen_s=200.0,
)  # fmt: skip


def flows(*ends: tuple[str | None, str | None, int | None]) -> pa.RecordBatch:
    sources, targets, times = zip(*ends, strict=True)
    ts = pa.array(times, pa.int64()).cast(pa.timestamp("ns", "UTC"))
    columns = [ts, pa.array(sources, pa.string()), pa.array(targets, pa.string())]
    return pa.RecordBatch.from_arrays(columns, ["ts", "src_ip", "dst_ip"])


def test_only_what_a_detector_judged_and_found_nothing_in_is_benign() -> None:
    verdicts = pa.RecordBatch.from_pylist(
        [
            {"score": 0.1, "family": "benign"},
            {"score": 0.9, "family": "dos", "alarm": True},
            {"score": 0.4, "unknown": True},
            {"family": None},
            {"score": 0.2},
        ],
        schema=VERDICT,
    )
    assert judged_benign(verdicts).to_pylist() == [True, False, False, False, True]


def test_flows_between_a_device_and_a_target_of_its_alert_are_set_aside_both_ways_while_it_went_on() -> None:
    aside = Aside()
    aside.note([SCAN])
    after = 200 * S + AFTER_NS
    found = aside.of(
        flows(
            ("10.0.0.7", "10.0.0.1", 100 * S),
            ("10.0.0.2", "10.0.0.7", after),
            ("10.0.0.7", "10.0.0.3", 150 * S),
            ("10.0.0.1", "10.0.0.2", 150 * S),
            ("10.0.0.7", "10.0.0.1", 100 * S - 1),
            ("10.0.0.7", "10.0.0.1", after + 1),
            (None, "10.0.0.1", 150 * S),
            ("10.0.0.7", None, None),
        )
    )
    assert found.to_pylist() == [True, True, False, False, False, False, False, False]


def test_of_an_alert_with_more_targets_than_it_names_all_flows_of_its_device_are_set_aside() -> None:
    aside = Aside()
    aside.note([replace(SCAN, target_count=300)])
    found = aside.of(flows(("10.0.0.7", "10.0.9.9", 150 * S), ("10.0.0.1", "10.0.0.2", 150 * S)))
    assert found.to_pylist() == [True, False]


def test_a_revision_takes_the_place_of_what_was_told_before() -> None:
    aside = Aside()
    aside.note([SCAN, replace(SCAN, revision=1, last_seen_s=900.0)])
    assert aside.of(flows(("10.0.0.7", "10.0.0.1", 800 * S))).to_pylist() == [True]


def test_alerts_told_first_are_forgotten_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_ALERTS", 2)
    aside = Aside()
    aside.note([replace(SCAN, id=str(n), device=f"10.0.0.{n + 50}") for n in range(3)])
    assert aside.forgotten == 1
    ends = [(f"10.0.0.{n + 50}", "10.0.0.1", 150 * S) for n in range(3)]
    assert aside.of(flows(*ends)).to_pylist() == [False, True, True]


def test_nothing_is_set_aside_without_alerts_or_rows() -> None:
    assert Aside().of(flows(("10.0.0.7", "10.0.0.1", 1))).to_pylist() == [False]
    aside = Aside()
    aside.note([SCAN])
    assert aside.of(flows(("10.0.0.7", "10.0.0.1", 1)).slice(0, 0)).to_pylist() == []
