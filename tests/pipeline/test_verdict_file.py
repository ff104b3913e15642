import os
import resource
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bundles import Flows, flows, tiny_bundle
from redshank.core.errors import ActionError, ConfigError
from redshank.detect.detectors.classifier import Classifier
from redshank.pipeline import verdict_file
from redshank.pipeline.run import run
from redshank.pipeline.verdict_file import VERDICT_ROW
from runs import ATTACK, Memory


@pytest.fixture
def detector() -> Classifier:
    return Classifier(tiny_bundle())


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
    monkeypatch.setattr(verdict_file, "ROW_GROUP", 150)

    def batches() -> Iterator[pa.RecordBatch]:
        for seed in range(5):
            yield flows(ATTACK, seed)

    run(Flows(list(batches())), [detector], verdicts=tmp_path / "verdicts.parquet")
    file = pq.ParquetFile(tmp_path / "verdicts.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)] == [200, 200, 100]
    assert pc.count_distinct(file.read().column("uid")).as_py() == 500


def test_source_without_a_flow_gives_an_empty_file_and_no_alert(detector: Classifier, tmp_path: Path) -> None:
    done = run(Flows([]), [detector], [Memory()], verdicts=tmp_path / "verdicts.parquet")
    assert (done.flows, done.alerts, done.verdicts, done.talkers) == (0, {}, {}, ())
    assert pq.read_table(tmp_path / "verdicts.parquet").schema.equals(VERDICT_ROW)
