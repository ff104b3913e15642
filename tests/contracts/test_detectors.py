"""Every detector keeps the promises of `detect/detector.py`."""

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from bundles import flows
from contracts.examples import example_of
from redshank.core.schema import FLOW, VERDICT
from redshank.detect.detector import DETECTORS, Detector

MIXED = ["benign", "scanning", "dos", "strange"] * 25


@pytest.fixture(params=DETECTORS.names())
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Detector]:
    def make() -> Detector:
        place = tmp_path / str(len(list(tmp_path.iterdir())))
        place.mkdir()
        built = example_of("detect/detectors", request.param)(place)
        assert isinstance(built, Detector)
        return built

    return make


@pytest.fixture
def detector(made: Callable[[], Detector]) -> Detector:
    return made()


def test_a_detector_gives_one_verdict_per_flow_in_order(detector: Detector) -> None:
    batch = flows(MIXED)
    verdicts = detector.judge(batch)
    assert verdicts.schema == VERDICT
    assert verdicts.column("uid") == batch.column("uid")
    assert verdicts.column("ts") == batch.column("ts")


def test_a_score_is_between_zero_and_one_or_null(detector: Detector) -> None:
    scores = detector.judge(flows(MIXED)).column("score").to_pylist()
    assert all(score is None or 0 <= score <= 1 for score in scores)


def test_scoring_twice_changes_nothing_unless_the_detector_says_that_it_remembers(detector: Detector) -> None:
    batch = flows(MIXED)
    first = detector.judge(batch)
    detector.judge(flows(["dos"] * 300, seed=3))
    assert detector.remembers or detector.judge(batch) == first


def test_verdicts_do_not_depend_on_how_flows_were_cut_into_batches(made: Callable[[], Detector]) -> None:
    batch = flows(MIXED)
    together, cut = made().judge(batch), made()
    parts = [cut.judge(batch.slice(at, 7)) for at in range(0, batch.num_rows, 7)]
    joined = pa.concat_batches(parts)
    for name in ("alarm", "family", "unknown", "rules"):
        assert joined.column(name) == together.column(name), name
    assert joined.column("score").to_pylist() == pytest.approx(together.column("score").to_pylist(), abs=1e-5)


def test_one_packet_flows_and_rows_of_nulls_survive(detector: Detector) -> None:
    one_packet = flows(["benign"], duration=[None], src_bytes=[None], dst_bytes=[None], src_pkts=[1], dst_pkts=[0])
    nothing = pa.RecordBatch.from_arrays([pa.nulls(2, f.type) for f in FLOW], schema=FLOW)
    assert detector.judge(one_packet).num_rows == 1
    assert detector.judge(nothing).num_rows == 2


def test_unknown_flows_have_no_family_and_alarms_are_never_benign(detector: Detector) -> None:
    for verdict in detector.judge(flows(MIXED)).to_pylist():
        assert not (verdict["unknown"] and verdict["family"])
        assert not (verdict["alarm"] and verdict["family"] == "benign")


def test_no_flows_give_no_verdicts(detector: Detector) -> None:
    assert detector.judge(flows([])).num_rows == 0
