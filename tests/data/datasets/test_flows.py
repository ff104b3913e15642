import gzip
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from redshank.core.errors import SourceError
from redshank.core.schema import FLOW, flow_batch
from redshank.data.datasets.flows import Flows

ROWS = [
    {"src_ip": "10.0.0.1", "dst_ip": "10.0.0.2", "proto": "udp", "src_pkts": 1, "family": "benign"},
    {"src_ip": "10.0.0.9", "dst_ip": "10.0.0.2", "proto": "tcp", "src_pkts": 3, "family": "dos"},
    {"src_ip": "10.0.0.9", "dst_ip": "10.0.0.2", "proto": "tcp", "src_pkts": 9, "family": "dos"},
]


def lines(rows: list[dict[str, object]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def example(place: Path) -> Flows:
    """Write a table of three flows into the folder `place`."""
    (place / "mine.jsonl").write_text(lines(ROWS))
    return Flows()


def test_every_form_gives_the_same(tmp_path: Path) -> None:
    example(tmp_path)
    names = list(ROWS[0])
    text = "\n".join([",".join(names), *(",".join(str(row[name]) for name in names) for row in ROWS), ""])
    (tmp_path / "mine.csv").write_text(text)
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(text.encode()))
    columns = {name: [row[name] for row in ROWS] for name in names}
    batch = flow_batch({name: values for name, values in columns.items() if name != "family"}, len(ROWS))
    whole = pa.Table.from_batches([batch]).append_column("family", pa.array(columns["family"]))
    parquet.write_table(whole, tmp_path / "mine.parquet")
    read = [Flows().load(tmp_path / name) for name in ("mine.jsonl", "mine.csv", "packed.csv.gz", "mine.parquet")]
    for one in read:
        assert one.family.tolist() == ["benign", "dos", "dos"]
        assert one.flows.column("src_pkts").to_pylist() == [1, 3, 9]
        assert one.flows.schema == FLOW
        assert one.capture is None
        assert one.name == "flows"
    assert read[1].sha256 == read[2].sha256 != read[0].sha256


def test_a_folder_is_a_capture_per_file(tmp_path: Path) -> None:
    for name, rows in (("monday", ROWS[:1]), ("tuesday", ROWS[1:])):
        (tmp_path / f"{name}.jsonl").write_text(lines(rows))
    (tmp_path / "notes.txt").write_text("no flows")
    found = Flows().load(tmp_path)
    assert found.capture is not None
    assert found.capture.tolist() == ["monday", "tuesday", "tuesday"]


def test_captures_can_be_told_row_by_row_and_interim_rows_do_not_count(tmp_path: Path) -> None:
    told = [{**row, "capture": name} for row, name in zip(ROWS, ("a", "b", "b"), strict=True)]
    (tmp_path / "mine.jsonl").write_text(lines([*told, {**told[0], "part": "interim"}]))
    found = Flows().load(tmp_path / "mine.jsonl")
    assert found.capture is not None
    assert found.capture.tolist() == ["a", "b", "b"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{**ROWS[0], "family": None}, ROWS[1]], "1 of 2 flows have no family, the first is flow 0; write 'benign'"),
        ([{**ROWS[0], "family": "normal"}], "family 'normal' is called 'benign' here; rename it"),
        ([{**ROWS[0], "family": "C&C"}], "family 'C&C' is no name; use small letters"),
        ([{**ROWS[0], "famly": "dos"}], "'famly' is no column of FLOW; did you mean 'family'"),
    ],
)
def test_what_is_no_labelled_table_is_refused(rows: list[dict[str, object]], message: str, tmp_path: Path) -> None:
    (tmp_path / "mine.jsonl").write_text(lines(rows))
    with pytest.raises(SourceError, match=f"^flows: .*{message}"):
        Flows().load(tmp_path)
