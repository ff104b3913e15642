import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import ipc, parquet

from drawn import examples
from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW, flow_batch, verdict_batch
from redshank.flows.sources.table import Table
from redshank.flows.write import write
from redshank.pipeline.archive import Archive

FORMS = ("jsonl", "csv", "parquet")
ENDS = {"src_ip": "10.0.0.1", "dst_ip": "fe80::1"}


def example(place: Path) -> Table:
    path = place / "flows.parquet"
    rows = 9_000
    hostile = ["\x1b[2J<script>\x00"] * rows
    part = {"part": ["final"] * rows, "part_reason": ["closed"] * rows}
    columns = {"uid": [f"C{n}" for n in range(rows)], "http_uri": hostile, "duration": [float("nan")] * rows, **part}
    ends = {name: [value] * rows for name, value in ENDS.items()}
    write([flow_batch({**columns, **ends, "src_bytes": [-1] * rows}, rows)], "parquet", path)
    return Table(path)


def read(path: Path) -> tuple[pa.Table, dict[str, int]]:
    source = Table(path)
    table = pa.Table.from_batches(source.batches(), FLOW)
    return table, {name: amount for (_, name), amount in source.anomalies.items()}


def value_of(kind: pa.DataType) -> st.SearchStrategy[Any]:
    if pa.types.is_string(kind):
        texts = st.text(max_size=5).map(lambda text: text.encode("utf-8", "replace").decode())
        return st.none() | texts | st.sampled_from(["", "-", "(empty)", "\\x41", ' "a,b" ', "\x1b[2J", "é\u202e"])
    if pa.types.is_boolean(kind):
        return st.none() | st.booleans()
    if pa.types.is_timestamp(kind):
        return st.none() | st.integers(0, 9_223_372_035_999_999_999)  # the last whole second that fits
    if pa.types.is_list(kind):
        floats = st.floats(0, 2.0**100, width=32)
        inner = floats if pa.types.is_floating(kind.value_type) else st.integers(-(2**31), 2**31 - 1)
        return st.none() | st.lists(st.none() | inner, max_size=3)
    if pa.types.is_floating(kind):
        return st.none() | st.floats(0, 1e300)
    return st.none() | st.integers(0, 4_095 if kind == pa.int32() else 8_999_999_999_999_999_999)


FIXED = {"uid": st.sampled_from(["C1", "C2"]), "src_ip": st.just("10.0.0.1"), "dst_ip": st.just("::1"),
         "http_version": st.sampled_from([None, "1.1", "\x1b"]),  # nothing longer than the sensor keeps
         "proto": st.sampled_from([None, "tcp", "arp", "unknown_transport"]), "ip_proto": st.integers(0, 255),
         "part": st.sampled_from(["final", "interim"]), "part_reason": st.sampled_from(["closed", "time"])}  # fmt: skip
ROWS = st.lists(
    st.fixed_dictionaries({f.name: FIXED.get(f.name, value_of(f.type)) for f in FLOW}), min_size=1, max_size=2
)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=examples(15), suppress_health_check=list(HealthCheck), deadline=None)
@given(rows=ROWS)
def test_what_was_written_reads_back_equal(form: str, rows: list[dict[str, Any]], tmp_path: Path) -> None:
    flows = flow_batch({name: [row[name] for row in rows] for name in FLOW.names}, rows=len(rows))
    path = tmp_path / f"flows.{form}"
    write([flows], form, path)
    back, counts = read(path)
    assert back.equals(pa.Table.from_batches([flows]))
    assert counts == {}


def test_arrow_ipc_and_gzip_are_read_alike(tmp_path: Path) -> None:
    flows = flow_batch(
        {"uid": ["C1"], **{n: [v] for n, v in ENDS.items()}, "part": ["final"], "part_reason": ["idle"]}, 1
    )
    with ipc.new_file(str(tmp_path / "flows.arrow"), FLOW) as file:
        file.write(flows)
    assert read(tmp_path / "flows.arrow")[0].equals(pa.Table.from_batches([flows]))
    for form in ("csv", "jsonl"):
        write([flows], form, tmp_path / "plain")
        (tmp_path / "packed").write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
        assert read(tmp_path / "packed")[0].equals(pa.Table.from_batches([flows]))


def test_columns_that_are_not_there_are_null_and_rows_get_a_name(tmp_path: Path) -> None:
    for name, content in (("x.csv", "dst_ip,src_ip,src_pkts\n10.0.0.2,10.0.0.1,3\n"),
                          ("x.jsonl", '{"dst_ip":"10.0.0.2","src_ip":"10.0.0.1","src_pkts":3}\n')):  # fmt: skip
        (tmp_path / name).write_text(content)
        table, counts = read(tmp_path / name)
        (row,) = table.to_pylist()
        assert {key: value for key, value in row.items() if value is not None} == {
            "uid": "row-0",
            "src_ip": "10.0.0.1",
            "dst_ip": "10.0.0.2",
            "src_pkts": 3,
            "part": "final",
            "part_reason": "record",
        }
        assert counts == {"uid_missing": 1}


def test_what_is_empty_is_told_from_what_is_absent(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text('src_ip,dst_ip,http_uri\n10.0.0.1,::1,""\n10.0.0.1,::1,(empty)\n10.0.0.1,::1,\n')
    assert read(tmp_path / "x.csv")[0].column("http_uri").to_pylist() == ["", "", None]
    (tmp_path / "x.csv").write_text(
        'src_ip,dst_ip,first_sizes_bytes\n10.0.0.1,::1,""\n10.0.0.1,::1,\n10.0.0.1,::1,-;4\n'
    )
    assert read(tmp_path / "x.csv")[0].column("first_sizes_bytes").to_pylist() == [[], None, [None, 4]]
    (tmp_path / "x.jsonl").write_text('{"src_ip":"10.0.0.1","dst_ip":"::1","http_uri":""}\n')
    assert read(tmp_path / "x.jsonl")[0].column("http_uri").to_pylist() == [""]


def test_values_that_no_flow_has_are_null_and_counted(tmp_path: Path) -> None:
    table, counts = read(example(tmp_path)._path)
    assert table.column("duration").null_count == len(table)
    assert pc.unique(table.column("http_uri")).to_pylist() == ["\x1b[2J<script>\x00"]
    assert counts == {"duration_unreadable": 9_000, "src_bytes_unreadable": 9_000}


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_a_misspelled_column_is_refused_with_near_names(form: str, tmp_path: Path) -> None:
    path = tmp_path / f"x.{form}"
    row = {**ENDS, "src_pkt": 3}
    if form == "csv":
        path.write_text(",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n")
    elif form == "jsonl":
        path.write_text(json.dumps(row) + "\n")
    else:
        parquet.write_table(pa.table({name: [value] for name, value in row.items()}), path)
    with pytest.raises(SourceError, match=r"x\.\w+: 'src_pkt' is no column of FLOW; did you mean 'src_pkts'"):
        Table(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "x: empty, not even a header; not a table of flows"),
        (b"src_ip,src_ip,dst_ip\n", "x: column 'src_ip' comes 2 times; keep one"),
        (b"uid,dst_ip\n1,2\n", "x: not a table of flows; redshank flows -o FILE.parquet writes one; it lacks 'src_ip'"),
        (b"hello\x1b[2J\n", r"x: not a table of flows; .*; it starts with b'hello"),
        (b'{"src_ip":\n', r"x: not a table of flows; .*; it starts with b'\{"),
        (b'{"src_ip":"10.0.0.1"}\n', "x: not a table of flows; .* it lacks 'dst_ip'"),
        (b"PAR1 and no more", "x: cannot be read as a table of flows; .*"),
        (b"ARROW1\0\0 and no more", "x: cannot be read as a table of flows; .*"),
    ],
)
def test_a_file_that_is_no_table_of_flows_is_named_for_what_it_is(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        Table(tmp_path / "x")
    assert "\n" not in str(caught.value)


def test_a_column_of_another_kind_is_refused(tmp_path: Path) -> None:
    table = pa.table({**{name: [value] for name, value in ENDS.items()}, "src_bytes": ["many"]})
    parquet.write_table(table, tmp_path / "x")
    with pytest.raises(SourceError, match="x: column 'src_bytes' is string, FLOW has int64"):
        list(Table(tmp_path / "x").batches())


def test_a_path_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent: no such file; name a table of flows"):
        Table(tmp_path / "absent")


def test_of_a_folder_the_parquet_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("flows-2.parquet", "flows-1.parquet"):
        write([flow_batch({"uid": [name], **{n: [v] for n, v in ENDS.items()}}, 1)], "parquet", tmp_path / name)
    (tmp_path / "flows-3.parquet.part").write_bytes(b"half")
    assert read(tmp_path)[0].column("uid").to_pylist() == ["flows-1.parquet", "flows-2.parquet"]
    (tmp_path / "flows-3.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(SourceError, match=r"flows-3.parquet: cannot be read as a table of flows"):
        list(Table(tmp_path).batches())


def test_of_the_archive_of_a_service_the_flows_are_read_and_no_verdict_is_a_label(tmp_path: Path) -> None:
    flows = flow_batch({"uid": ["C1"], **{n: [v] for n, v in ENDS.items()}}, 1)
    verdicts = verdict_batch({"uid": ["C1"], "family": ["dos"], "alarm": [True], "detector": ["classifier"]}, 1)
    archive = Archive(tmp_path)
    archive.write(flows, verdicts)
    archive.close()
    assert read(tmp_path)[0].column("uid").to_pylist() == ["C1"]
    ((back, labels),) = Table(tmp_path).labelled_batches()
    assert (back.num_rows, labels.to_pylist()) == (1, [{"family": None, "capture": None}])


def test_a_folder_without_such_files_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a folder without \*.parquet; name a table of flows"):
        Table(tmp_path)


LINES = st.lists(st.text(alphabet='{}[]",:\\.0123e-abcsrc_ip \r', max_size=40), max_size=5)


@pytest.mark.parametrize(
    "head", ["src_ip,dst_ip,uid,ts\n10.0.0.1,::1,C1,1.5\n", '{"src_ip":"10.0.0.1","dst_ip":"::1"}\n']
)
@settings(max_examples=examples(30), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(lines=LINES)
def test_any_lines_give_rows_or_one_line_of_refusal(head: str, lines: list[str], tmp_path: Path) -> None:
    (tmp_path / "x").write_text(head + "\n".join(lines))
    try:
        table, _ = read(tmp_path / "x")
    except SourceError as error:
        assert "is no column of FLOW" in str(error)  # noqa: PT017  a JSON line may name any column
    else:
        assert len(table) >= 1


def test_labels_stand_beside_the_flows_and_never_in_them(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("src_ip,family,dst_ip\n10.0.0.1,dos,::1\n,dos,::1\n10.0.0.2,benign,::1\n")
    flows, labels = next(Table(path).labelled_batches())
    assert flows.schema == FLOW
    assert flows.column("src_ip").to_pylist() == ["10.0.0.1", "10.0.0.2"]
    assert labels.to_pydict() == {"family": ["dos", "benign"], "capture": [None, None]}
    assert read(path)[0].schema == FLOW
