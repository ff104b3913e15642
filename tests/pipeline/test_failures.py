from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bundles import flows
from redshank.core.errors import BundleError
from redshank.core.metrics import Metrics
from redshank.core.schema import FLOW
from redshank.detect.detector import Detector
from redshank.pipeline import failures as module
from redshank.pipeline.failures import Failures
from runs import Constant


@dataclass
class Fragile(Detector):
    """Fails on batches of some sizes."""

    on: frozenset[int]
    error: Exception

    def judge(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if batch.num_rows in self.on:
            raise self.error
        return Constant(0.9, "dos", alarm=True).judge(batch)


def test_a_batch_that_cannot_be_judged_is_counted_and_kept_and_the_next_is_judged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    failures = Failures(tmp_path / "unjudged", metrics)
    fragile = Fragile(frozenset({3}), BundleError("bundle tiny: its graph gives\nno probabilities"))
    assert failures.judge(fragile, flows(["dos"] * 2)).column("alarm").to_pylist() == [True, True]
    assert (failures.problem, failures.silent(fragile)) == ("", "")
    some = flows(["dos"] * 3)
    posted = some.set_column(
        FLOW.get_field_index("http_post_body"), FLOW.field("http_post_body"), pa.array(["pass=it's"] * 3)
    )
    for _ in range(2):
        silent = failures.judge(fragile, posted)
    assert silent.column("alarm").null_count == 3
    assert silent.column("uid") == some.column("uid")
    assert metrics.labelled("redshank_detector_failures_total") == {("test_failures",): 2}
    assert metrics.labelled("redshank_unjudged_rows_total") == {("test_failures",): 6}
    wanted = (
        "could not judge its last batch (BundleError: bundle tiny: its graph gives no probabilities); 2 such batches"
    )
    assert failures.silent(fragile).startswith(wanted)
    assert failures.problem == f"detector test_failures: {failures.silent(fragile)}"
    assert pq.read_table(tmp_path / "unjudged" / "test_failures-0.parquet").to_batches()[0] == some
    assert sum("cannot be judged" in message for message in caplog.messages) == 1
    failures.judge(fragile, flows(["dos"] * 2))
    assert failures.problem == ""


def test_few_batches_are_kept_also_over_restarts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    for _ in range(3):
        Failures(tmp_path, Metrics()).judge(Fragile(frozenset({1}), KeyError("src_ip")), flows(["dos"]))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["test_failures-0.parquet", "test_failures-1.parquet"]


def test_a_disk_that_is_full_costs_the_copy_and_no_more(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    failures = Failures(tmp_path / "file", Metrics())
    failures.judge(Fragile(frozenset({1}), ValueError("nan")), flows(["dos"]))
    assert "the batch is not kept" in caplog.text


def test_whoever_asks_it_to_end_is_heard(tmp_path: Path) -> None:
    class Pressed(Detector):
        """Ctrl-C comes while it judges."""

        def judge(self, batch: pa.RecordBatch) -> pa.RecordBatch:
            raise KeyboardInterrupt(batch.num_rows)

    with pytest.raises(KeyboardInterrupt):
        Failures(tmp_path, Metrics()).judge(Pressed(), flows(["dos"]))
