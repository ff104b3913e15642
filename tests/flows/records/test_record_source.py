from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import flow_batch
from redshank.flows.records.record_source import Columns, PrintedTable


class Words(PrintedTable):
    """A flow for each word of a file, all but the last of a line at once."""

    STAGE = "words"
    WANTED = "a file of words"

    def _tables(self) -> Iterator[tuple[Columns, int]]:
        for line in self._path.read_text().splitlines():
            if "?" in line:
                raise SourceError(f"{self._path}: not words")
            words = line.split()
            self._count("short", sum(len(word) < 3 for word in words))
            yield {"uid": pa.array(words)}, len(words)

    def _flows(self, columns: Columns, rows: int, before: int) -> Iterator[pa.RecordBatch]:
        yield flow_batch({"uid": columns["uid"], "src_port": range(before, before + rows)}, rows).slice(0, rows - 1)

    def _rest(self) -> Iterator[pa.RecordBatch]:
        yield flow_batch({"uid": ["rest"]}, 1)


def test_rows_are_counted_through_and_each_reading_begins_anew(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("one two three\nlone\nof two\n")
    source = Words(tmp_path / "x")
    assert source.anomalies == {}
    for _ in range(2):
        batches = list(source.batches())
        assert [batch.column("uid").to_pylist() for batch in batches] == [["one", "two"], ["of"], ["rest"]]
        assert batches[1].column("src_port").to_pylist() == [4]
        assert source.anomalies == {("words", "short"): 1}
    assert (source.packets, source.packet_bytes) == (0, 0)


def test_a_wrong_file_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent: no such file; name a file of words"):
        Words(tmp_path / "absent")
    with pytest.raises(ConfigError, match="a folder, not a file; name a file of words"):
        Words(tmp_path)
    (tmp_path / "x").write_text("what?\n")
    with pytest.raises(SourceError, match="x: not words"):
        Words(tmp_path / "x")
