import gzip
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from explored import leaking, table
from redshank.core.errors import ConfigError, SourceError
from redshank.data.explore.table import Field, Table, from_labelled, identifiers, plain_name, read_file

TEXT = "when,size,state,flag,kind\n1,5,on ,true,normal\n2,5.0,off,1,dos\n3,-,on,0,dos\n4,7,-,false,scan\n"


def field(found: Table, name: str) -> Field:
    return next(one for one in found.fields if one.name == name)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    path.write_text(TEXT)
    return path


def test_a_file_is_read_as_written_and_numbers_are_known(file: Path) -> None:
    found = read_file(file, "kind", None)
    assert found.classes == ("normal", "dos", "scan")
    assert found.benign
    assert found.y.tolist() == [0, 1, 1, 2]
    size = field(found, "size")
    assert size.kind == "number"
    assert size.values.to_pylist() == ["5", "5.0", "-", "7"]
    assert np.array_equal(size.row_numbers(), [5, 5, np.nan, 7], equal_nan=True)
    assert size.merged == 1
    codes, _ = size.row_values()
    assert codes[0] == codes[1]
    state = field(found, "state")
    assert (state.kind, state.merged) == ("text", 1)
    assert len(set(state.row_values()[0].tolist())) == 4
    assert field(found, "flag").merged == 2
    assert len(found.sha256) == 64


@pytest.mark.parametrize("form", ["tsv", "gz", "parquet", "bom", "latin"])
def test_every_form_of_file_gives_the_same_rows(tmp_path: Path, form: str) -> None:
    path = tmp_path / f"rows.{form}"
    if form == "parquet":
        columns = {"size": [5.0, 5.0, None, 7.0], "kind": ["normal", "dos", "dos", "scan"]}
        pq.write_table(pa.table(columns), path)
    elif form == "gz":
        path = tmp_path / "rows.csv.gz"
        path.write_bytes(gzip.compress(TEXT.encode()))
    elif form == "latin":
        path.write_bytes(TEXT.replace("on ", "\xe9").encode("latin-1"))
    else:
        start = "\ufeff" if form == "bom" else ""
        path.write_text(start + (TEXT.replace(",", "\t") if form == "tsv" else TEXT), encoding="utf-8")
    found = read_file(path, "kind", None)
    assert np.array_equal(field(found, "size").row_numbers(), [5, 5, np.nan, 7], equal_nan=True)
    assert found.y.tolist() == [0, 1, 1, 2]


def test_without_a_label_there_is_one_class(file: Path) -> None:
    found = read_file(file, None, None)
    assert not found.labelled
    assert not found.benign
    assert [one.name for one in found.fields] == ["when", "size", "state", "flag", "kind"]


def test_the_benign_class_can_be_named_and_an_empty_label_is_a_class(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("a,kind\n1,quiet\n2,\n3,loud\n")
    assert read_file(path, "kind", "quiet").classes == ("quiet", "(none)", "loud")
    assert not read_file(path, "kind", None).benign


@pytest.mark.parametrize(
    ("label", "benign", "said"),
    [
        ("kinds", None, "--label: .* has no column 'kinds'; did you mean 'kind'?"),
        ("kind", "norml", "--benign: 'rows.csv' has no class 'norml'; did you mean 'normal'?"),
    ],
)
def test_a_column_or_class_that_is_not_there_is_named(file: Path, label: str, benign: str | None, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        read_file(file, label, benign)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "cannot be read as a table"),
        ("a.csv", b"a,b\n", "has no rows"),
        ("a.csv", b"a,a\n1,2\n", "column 'a' is there twice"),
        ("a.csv", b"a,b\n1,2,3\n", "cannot be read as a table"),
        ("a.parquet", b"PAR1", "cannot be read as a table"),
        ("a.csv.gz", b"\x1f\x8bnothing", "cannot be read as a table"),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=said):
        read_file(tmp_path / name, None, None)


def test_a_dataset_shows_its_own_table_without_empty_columns() -> None:
    names = [one.name for one in table().fields]
    assert "nothing" not in names
    assert names[0] == "pkSeqID"
    assert from_labelled(leaking()).classes == ("benign", "dos", "scan")


def test_times_are_seconds_and_lists_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    stamps = pa.array([0, 1_500_000], pa.timestamp("us"))
    pq.write_table(pa.table({"start": stamps, "many": [[1], [2, 3]], "ok": [True, None]}), path)
    found = read_file(path, None, None)
    assert field(found, "start").row_numbers().tolist() == [0, 1.5]
    assert found.left_out == ("many",)
    assert [field(found, "ok").text(int(code)) for code in field(found, "ok").codes] == ["true", "no value"]
    time = found.time()
    assert time is not None
    assert time.name == "start"
    written = tmp_path / "t.csv"
    written.write_text("timestamp,a\n2017-07-03 11:55:58,1\n2017-07-03 11:55:59,2\n")
    time = read_file(written, None, None).time()
    assert time is not None
    assert np.diff(time.row_numbers()).tolist() == [1]


def test_names_of_devices_ports_and_moments_are_known_however_they_are_written() -> None:
    names = ["Src IP", "id.resp_p", "Timestamp", "pkSeqID", "bytes", "mine"]
    assert identifiers(names, frozenset({"mine"})) == {"Src IP", "id.resp_p", "Timestamp", "pkSeqID", "mine"}
    assert plain_name("Dst_Port") == "dstport"
