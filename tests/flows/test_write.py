import csv
import errno
import io
import json
import math
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from drawn import examples
from redshank.core.errors import ActionError, ConfigError
from redshank.core.schema import DEVICE, FLOW, flow_batch
from redshank.flows.records.conn_log import COLUMNS
from redshank.flows.sources.zeek import Zeek
from redshank.flows.write import FORMATS, check, json_lines, write, write_devices

SHARED = [name for name, _, _ in COLUMNS]
FULL: dict[str, object] = {
    "ts": [1_500_000_000_123_456_000, 1_500_000_000_123_456_789, None],
    "uid": ["C1", "C2", "C3"],
    "src_ip": ["10.0.0.1", "fe80::1", "10.0.0.3"],
    "src_port": [40000, 143, 1],
    "dst_ip": ["10.0.0.2", "ff02::16", "10.0.0.4"],
    "proto": ["tcp", "icmp", None],
    "service": ["gssapi,ldap", "-", None],
    "duration": [1.5, 0.1 + 0.2, None],
    "src_bytes": [0, 2**40, None],
    "dns_query": ['a"b\\c', "\x1b[2J\n\u202eü\x7f", None],
    "dns_AA": [True, False, None],
    "src_gap_mean_s": [1e-9, math.nan, None],
    "first_sizes_bytes": [[40, -1500], [], None],
    "first_gaps_s": [[0.0, 0.1], [math.nan], None],
    "tunnel_parents": ["C8,C9", None, None],
    "part": ["final", "interim", "final"],
}
DEVICES = pa.RecordBatch.from_pylist(
    [
        {"mac": "02:00:00:00:00:01", "ips": ["10.0.0.1", "fe80::1"], "offers": ['a;b"c,d\n'], "uses": [], "flows": 3},
        {"ips": ["10.0.0.2", None]},
    ],
    schema=DEVICE,
)


def batch() -> pa.RecordBatch:
    return flow_batch(FULL, rows=3)


def written(form: str, place: Path, *batches: pa.RecordBatch) -> bytes:
    path = place / f"flows.{form}"
    write(batches or [batch()], form, path)
    assert [file.name for file in place.iterdir()] == [path.name]
    content = path.read_bytes()
    path.unlink()
    return content


def test_json_holds_what_is_there_and_omits_what_is_absent(tmp_path: Path) -> None:
    first, second, third = (json.loads(line, parse_float=Decimal) for line in written("jsonl", tmp_path).splitlines())
    assert first == {
        "ts": Decimal("1500000000.123456"),
        "uid": "C1",
        "src_ip": "10.0.0.1",
        "src_port": 40000,
        "dst_ip": "10.0.0.2",
        "proto": "tcp",
        "service": "gssapi,ldap",
        "duration": Decimal("1.5"),
        "src_bytes": 0,
        "dns_query": 'a"b\\c',
        "dns_AA": True,
        "src_gap_mean_s": Decimal("1E-9"),
        "first_sizes_bytes": [40, -1500],
        "first_gaps_s": [0, Decimal("0.1")],
        "tunnel_parents": "C8,C9",
        "part": "final",
    }
    assert second["ts"] == Decimal("1500000000.123456789")
    assert second["src_bytes"] == 2**40
    assert float(second["duration"]) == 0.1 + 0.2
    assert second["dns_query"] == "\x1b[2J\n\u202eü\x7f"
    assert second["dns_AA"] is False
    assert "src_gap_mean_s" not in second
    assert (second["first_sizes_bytes"], second["first_gaps_s"]) == ([], [None])
    assert third == {"uid": "C3", "src_ip": "10.0.0.3", "src_port": 1, "dst_ip": "10.0.0.4", "part": "final"}


def test_keys_of_json_stand_in_the_order_of_flow() -> None:
    keys = list(json.loads(json_lines(batch()).splitlines()[0]))
    assert keys == [name for name in FLOW.names if name in keys]


def test_a_row_of_nulls_is_an_empty_object() -> None:
    assert json_lines(flow_batch({}, rows=2)) == b"{}\n{}\n"
    assert json_lines(flow_batch({"uid": [None, "C1", None]}, rows=3)) == b'{}\n{"uid":"C1"}\n{}\n'


def test_time_has_six_decimals_or_nine_where_six_would_lose_something() -> None:
    times = [0, 1, 1_000, 999_999_999, 1_500_000_000_000_000_000, -1_500_000_000]
    lines = json_lines(flow_batch({"ts": pa.array(times)}, rows=6)).decode().splitlines()
    assert lines == [
        '{"ts":0.000000}',
        '{"ts":0.000000001}',
        '{"ts":0.000001}',
        '{"ts":0.999999999}',
        '{"ts":1500000000.000000}',
        '{"ts":-1.500000}',
    ]


def test_a_zeek_log_has_the_header_and_the_names_of_zeek(tmp_path: Path) -> None:
    lines = written("zeek", tmp_path).decode().splitlines()
    assert lines[:5] == [
        "#separator \\x09",
        "#set_separator\t,",
        "#empty_field\t(empty)",
        "#unset_field\t-",
        "#path\tconn",
    ]
    assert lines[5].startswith("#fields\tts\tuid\tid.orig_h\tid.orig_p\tid.resp_h\tid.resp_p\tproto\tservice\tduration")
    assert lines[6].startswith("#types\ttime\tstring\taddr\tport\taddr\tport\tenum\tstring\tinterval\tcount")
    assert lines[7].split("\t")[:11] == (
        ["1500000000.123456", "C1", "10.0.0.1", "40000", "10.0.0.2", "-", "tcp", "gssapi,ldap", "1.500000", "0", "-"]
    )
    assert {line.count("\t") for line in lines[5:]} == {len(COLUMNS)} | {len(COLUMNS) - 1}


def test_a_zeek_log_has_no_interim_rows(tmp_path: Path) -> None:
    text = written("zeek", tmp_path).decode()
    assert "C2" not in text
    assert write([batch()], "zeek", tmp_path / "conn.log") == 2


def test_a_zeek_log_has_no_claims_to_addresses(tmp_path: Path) -> None:
    claim = flow_batch({"uid": ["C4"], "src_ip": ["10.0.0.1"], "dst_ip": ["10.0.0.2"], "proto": ["arp"]}, rows=1)
    assert "C4" not in written("zeek", tmp_path, batch(), claim).decode()
    assert write([claim], "zeek", tmp_path / "conn.log") == 0


def test_csv_has_every_column_of_flow_and_inert_text(tmp_path: Path) -> None:
    content = written("csv", tmp_path).decode()
    assert content.isascii()
    assert all(c.isprintable() or c == "\n" for c in content)
    first, second, third = csv.DictReader(io.StringIO(content))
    assert list(first) == FLOW.names
    assert (first["ts"], first["service"], first["dns_AA"]) == ("1500000000.123456", "gssapi,ldap", "true")
    assert first["dns_query"] == 'a"b\\\\c'
    assert (first["first_sizes_bytes"], first["first_gaps_s"], first["tunnel_parents"]) == (
        "40;-1500",
        "0;0.1",
        "C8,C9",
    )
    assert (second["ts"], second["src_gap_mean_s"]) == ("1500000000.123456789", "")
    assert second["dns_query"] == "\\x1b[2J\\x0a\\xe2\\x80\\xae\\xc3\\xbc\\x7f"
    assert set(third.values()) == {"C3", "10.0.0.3", "1", "10.0.0.4", "final", ""}


def test_devices_are_written_as_flows_are(tmp_path: Path) -> None:
    assert write_devices(DEVICES, "jsonl", tmp_path / "devices.jsonl") == 2
    first, second = (json.loads(line) for line in (tmp_path / "devices.jsonl").read_text().splitlines())
    assert (first["ips"], first["offers"], first["uses"]) == (["10.0.0.1", "fe80::1"], ['a;b"c,d\n'], [])
    assert second == {"ips": ["10.0.0.2", None]}
    assert write_devices(DEVICES, "csv", tmp_path / "devices.csv") == 2
    first, second = csv.DictReader(io.StringIO((tmp_path / "devices.csv").read_text()))
    assert list(first) == DEVICE.names
    assert (first["ips"], first["offers"], first["uses"]) == ("10.0.0.1;fe80::1", 'a\\x3bb"c,d\\x0a', "")
    assert second["ips"] == "10.0.0.2;-"
    assert write_devices(DEVICES, "parquet", tmp_path / "devices.parquet") == 2
    assert parquet.read_table(tmp_path / "devices.parquet").equals(pa.table(DEVICES))
    with pytest.raises(
        ConfigError, match=r"format: 'zeek' is for flows and knows no devices; use jsonl, csv or parquet"
    ):
        write_devices(DEVICES, "zeek", tmp_path / "devices.log")
    with pytest.raises(ConfigError, match=r"format: no 'jsnl'; did you mean 'jsonl'"):
        write_devices(DEVICES, "jsnl", None)


def test_lists_of_a_part_of_a_batch_are_those_of_its_rows() -> None:
    whole = [json.loads(line) for line in json_lines(DEVICES).splitlines()]
    assert [json.loads(json_lines(DEVICES.slice(i, 1))) for i in range(2)] == whole


def test_parquet_gives_back_the_same_table(tmp_path: Path) -> None:
    path = tmp_path / "flows.parquet"
    assert write([batch(), batch()], "parquet", path) == 6
    table = parquet.read_table(path)
    assert table.schema.equals(FLOW)
    odd = ["src_gap_mean_s", "first_gaps_s"]  # NaN is not equal to itself
    assert table.slice(0, 3).drop(odd).equals(pa.table(batch()).drop(odd))
    assert math.isnan(table.column("first_gaps_s")[1].as_py()[0])


def test_parquet_uses_what_every_reader_knows(tmp_path: Path) -> None:
    write([batch()], "parquet", tmp_path / "flows.parquet")
    group = parquet.ParquetFile(tmp_path / "flows.parquet").metadata.row_group(0)
    columns = {column.path_in_schema: column for column in map(group.column, range(group.num_columns))}
    assert {column.compression for column in columns.values()} == {"UNCOMPRESSED"}
    assert {name for column in columns.values() for name in column.encodings} == {"PLAIN", "RLE", "RLE_DICTIONARY"}
    assert [name for name, column in columns.items() if column.statistics.has_min_max] == ["ts"]


def test_parquet_has_large_row_groups(tmp_path: Path) -> None:
    some = flow_batch({"uid": [f"C{i}" for i in range(8_192)]}, rows=8_192)
    assert write([some] * 10, "parquet", tmp_path / "flows.parquet") == 81_920
    assert parquet.ParquetFile(tmp_path / "flows.parquet").num_row_groups == 3


@pytest.mark.parametrize("form", FORMATS)
def test_the_same_rows_give_the_same_bytes_however_they_are_batched(form: str, tmp_path: Path) -> None:
    assert written(form, tmp_path) == written(form, tmp_path)
    if form != "parquet":
        assert written(form, tmp_path) == written(form, tmp_path, *(batch().slice(i, 1) for i in range(3)))


@pytest.mark.parametrize("form", FORMATS)
def test_no_rows_give_a_whole_file(form: str, tmp_path: Path) -> None:
    path = tmp_path / "flows"
    assert write([], form, path) == 0
    assert write([batch().slice(0, 0)], form, path) == 0
    if form == "parquet":
        assert parquet.read_table(path).num_rows == 0
    else:
        assert b"\n" not in path.read_bytes().removesuffix(b"\n") or form == "zeek"


@pytest.mark.parametrize("form", FORMATS)
def test_a_source_that_stops_leaves_the_old_file(form: str, tmp_path: Path) -> None:
    def stopping() -> Iterator[pa.RecordBatch]:
        yield batch()
        raise KeyboardInterrupt

    path = tmp_path / "flows"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        write(stopping(), form, path)
    assert path.read_text() == "before"
    assert [file.name for file in tmp_path.iterdir()] == ["flows"]


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    def filling() -> Iterator[pa.RecordBatch]:
        yield batch()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(ActionError, match=r"x.jsonl: cannot be written \(No space left on device\)"):
        write(filling(), "jsonl", tmp_path / "x.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_is_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"format: no 'jsnl'; did you mean 'jsonl'\? \(there are: jsonl, zeek, csv"):
        check("jsnl", None)
    with pytest.raises(ConfigError, match=r"'parquet' cannot go to standard output; name a file with -o"):
        write([], "parquet", None)
    with pytest.raises(ConfigError, match=r"is a folder; name a file"):
        check("csv", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"cannot write to folder '.*file'"):
        write([], "csv", tmp_path / "file" / "flows.csv")


def test_a_device_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert write([batch()], "jsonl", pipe) == 3
        assert os.read(reader, 1 << 16).count(b"\n") == 3
    finally:
        os.close(reader)
    assert pipe.is_fifo()


def test_standard_output_takes_the_lines(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert write([batch()], "jsonl", None) == 3
    assert capfdbinary.readouterr().out == json_lines(batch())


def test_a_reader_that_went_away_ends_the_writing(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb", buffering=0) as raw:
        monkeypatch.setattr("sys.stdout", SimpleNamespace(buffer=raw))
        with pytest.raises(BrokenPipeError):
            write([batch()] * 3, "jsonl", None)


WORDS = st.none() | st.text(min_size=1, max_size=8).map(lambda t: t.encode("utf-8", "replace").decode())
COUNTS = st.none() | st.integers(0, 10**18 - 1)
PORTS = st.none() | st.integers(0, 65_535)
ROW = st.fixed_dictionaries(
    {
        "ts": st.none() | st.integers(0, 9_223_372_035_999_999_999),
        "uid": WORDS.filter(lambda text: text is not None),
        "src_ip": st.ip_addresses().map(str).filter(lambda text: "%" not in text),
        "src_port": PORTS,
        "dst_ip": st.ip_addresses().map(str).filter(lambda text: "%" not in text),
        "dst_port": PORTS,
        "proto": st.sampled_from(["tcp", "udp", "icmp", "unknown_transport", None]),
        "service": WORDS,
        "duration": st.none()
        | st.integers(0, 10**12).map(lambda micros: micros / 1e6)
        | st.floats(0, 1e14, allow_subnormal=False),
        "conn_state": WORDS,
        "history": WORDS,
        "ip_proto": st.none() | st.integers(0, 255),
        "community_id": WORDS,
        "src_mac": WORDS,
        "dst_mac": WORDS,
        "vlan": st.none() | st.integers(0, 4_095),
        "tunnel_parents": WORDS,
        **dict.fromkeys(
            ("src_bytes", "dst_bytes", "missed_bytes", "src_pkts", "src_ip_bytes", "dst_pkts", "dst_ip_bytes"), COUNTS
        ),
    }
)


@settings(max_examples=examples(80), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=5))
def test_a_zeek_log_that_we_wrote_reads_back_equal(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    flows = flow_batch({name: [row[name] for row in rows] for name in SHARED}, rows=len(rows))
    path = tmp_path / "conn.log"
    assert write([flows], "zeek", path) == len(rows)
    source = Zeek(path)
    back = pa.Table.from_batches(source.batches(), FLOW)
    assert back.select(SHARED).equals(pa.table(flows).select(SHARED))
    assert source.anomalies == {}


@settings(max_examples=examples(50), deadline=None)
@given(st.lists(st.none() | st.text().map(lambda t: t.encode("utf-8", "replace").decode()), min_size=1, max_size=5))
def test_any_text_is_one_line_of_ascii_json_that_reads_back(texts: list[str | None]) -> None:
    lines = json_lines(flow_batch({"http_uri": texts}, rows=len(texts))).decode().splitlines()
    assert all(line.isascii() and line.isprintable() for line in lines)
    assert [json.loads(line).get("http_uri") for line in lines] == texts


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
def test_any_number_is_exact_in_json(values: list[float]) -> None:
    lines = json_lines(flow_batch({"duration": values}, rows=len(values))).splitlines()
    assert [float(json.loads(line)["duration"]) for line in lines] == values


@pytest.mark.data
@pytest.mark.parametrize("form", ["jsonl", "zeek", "csv", "parquet"])
def test_a_real_log_survives_every_format(form: str, data: Path, tmp_path: Path) -> None:
    source = data / "data" / "iot23" / "CTU-IoT-Malware-Capture-42-1.conn.log.labeled.gz"
    path = tmp_path / "flows"
    assert write(Zeek(source).batches(), form, path) == 4_426
    before = pa.Table.from_batches(Zeek(source).batches(), FLOW)
    after = parquet.read_table(path) if form == "parquet" else pa.Table.from_batches(Zeek(path).batches(), FLOW)
    assert after.select(SHARED).equals(before.select(SHARED))
