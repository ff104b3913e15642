import os
import resource
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bundles import START_NS, flows
from redshank.core.errors import ActionError
from redshank.core.metrics import Metrics
from redshank.core.schema import flow_batch
from redshank.pipeline.archive import ARCHIVED, Archive, ArchiveSettings
from runs import Constant

ALARM = Constant(0.9, "dos", True)


def _write(archive: Archive, batch: pa.RecordBatch) -> None:
    archive.write(batch, ALARM.judge(batch))


def _lost(metrics: Metrics) -> tuple[int, int]:
    """Return the files and the rows that were lost."""
    return metrics.total("redshank_archive_failures_total"), metrics.named("redshank_lost_total").get("archive_rows", 0)


def test_a_row_is_a_flow_with_its_verdict(tmp_path: Path) -> None:
    metrics = Metrics()
    archive = Archive(tmp_path / "new" / "flows", metrics=metrics)
    assert "redshank_archive_bytes 0.0" in metrics.text().splitlines()
    _write(archive, flows(["dos", "benign"]))
    assert list((tmp_path / "new" / "flows").glob("*.parquet")) == []
    archive.close()
    (path,) = (tmp_path / "new" / "flows").glob("*.parquet")
    table = pq.read_table(path)
    assert table.schema.equals(ARCHIVED)
    assert table.column("uid").to_pylist() == ["C0x0", "C0x1"]
    assert table.column("family").to_pylist() == ["dos", "dos"]
    assert path.name.startswith("flows-2023")
    assert f"redshank_archive_bytes {float(path.stat().st_size)}" in metrics.text().splitlines()


def test_what_was_posted_is_in_no_archive(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    _write(archive, flow_batch({"uid": ["C1"], "ts": [5], "http_post_body": ["user=ana&pass=it's"]}, 1))
    archive.close()
    (path,) = tmp_path.glob("*.parquet")
    assert pq.read_table(path).select(["uid", "http_post_body"]).to_pylist() == [{"uid": "C1", "http_post_body": None}]


def test_a_file_is_closed_by_packet_time_and_by_rows(tmp_path: Path) -> None:
    archive = Archive(tmp_path, ArchiveSettings(file_s=100, file_rows=50))
    _write(archive, flows(["dos"] * 10))
    _write(archive, flows(["dos"] * 10, seed=1, ts=[START_NS + 101_000_000_000] * 10))
    _write(archive, flows(["dos"] * 60, seed=2))
    archive.close()
    sizes = [pq.read_metadata(path).num_rows for path in sorted(tmp_path.iterdir(), key=lambda path: path.name[-12:])]
    assert sizes == [20, 60]


def test_what_a_crash_left_behind_is_removed_and_counted_and_whole_files_stay(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _write(Archive(tmp_path), flows(["dos"]))
    (tmp_path / "flows-20231114T221320-0007.parquet.part").write_bytes(b"PAR1")
    (tmp_path / "flows-20231114T221320-0006.parquet").write_bytes(b"PAR1")
    metrics = Metrics()
    Archive(tmp_path, metrics=metrics)
    assert [path.name for path in tmp_path.iterdir()] == ["flows-20231114T221320-0006.parquet"]
    assert _lost(metrics) == (1, 0), "how many rows it had nobody can tell"
    assert "flows-20231114T221320-0007.parquet.part' was not whole when a run broke off" in caplog.text


def test_another_start_takes_no_name_that_is_taken(tmp_path: Path) -> None:
    for _ in range(2):
        archive = Archive(tmp_path)
        _write(archive, flows(["dos"]))
        archive.close()
    assert len(list(tmp_path.glob("*.parquet"))) == 2


def test_old_files_go_then_the_oldest_until_the_rest_fits(tmp_path: Path) -> None:
    metrics = Metrics()
    archive = Archive(tmp_path, ArchiveSettings(keep_s=1_000, keep_bytes=250), metrics)
    for age in range(5):
        path = tmp_path / f"flows-2023111{age}T000000-0000.parquet"
        path.write_bytes(b"x" * 100)
        os.utime(path, (10_000 - 300 * age, 10_000 - 300 * age))
    assert archive.clean(10_000) == 3
    assert "redshank_archive_bytes 200.0" in metrics.text().splitlines()
    assert sorted(path.name[:14] for path in tmp_path.iterdir()) == ["flows-20231110", "flows-20231111"]


def test_a_full_disk_costs_a_file_and_is_said_and_counted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    archive = Archive(tmp_path, metrics=metrics)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        _write(archive, flows(["dos"] * 2_000))
        archive.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "its 2000 rows are lost" in caplog.text
    assert list(tmp_path.iterdir()) == []
    assert _lost(metrics) == (1, 2_000)
    _write(archive, flows(["dos"], seed=1))
    archive.close()
    assert len(list(tmp_path.glob("*.parquet"))) == 1
    assert _lost(metrics) == (1, 2_000)


def test_what_was_written_of_a_file_before_is_lost_with_it_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metrics = Metrics()
    monkeypatch.setattr("redshank.pipeline.archive.ROW_GROUP", 10)
    archive = Archive(tmp_path, metrics=metrics)
    _write(archive, flows(["dos"] * 10))
    _write(archive, flows(["dos"] * 5, seed=1))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
    try:
        archive.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert _lost(metrics) == (1, 15)
    archive.close()
    assert _lost(metrics) == (1, 15)


def test_a_disk_that_can_no_longer_be_written_at_all_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    metrics = Metrics()
    archive = Archive(tmp_path, metrics=metrics)
    _write(archive, flows(["dos"] * 10))
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", refused)
        patched.setattr(Path, "unlink", refused)
        archive.close()
    assert "cannot be written ([Errno 30] Read-only file system); its 10 rows are lost" in caplog.text
    assert _lost(metrics) == (1, 10)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ActionError, match=r"archive: '.*file/flows' cannot be used"):
        Archive(tmp_path / "file" / "flows")


def test_flows_without_time_are_kept(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    _write(archive, flows(["dos"], ts=[None]))
    archive.close()
    assert [path.name for path in tmp_path.iterdir()] == ["flows-19700101T000000-0000.parquet"]
