"""Every flow source keeps the promises of `flows/source.py`."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from contracts.examples import example_of
from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW
from redshank.flows.source import FLOW_SOURCES, FlowSource
from redshank.flows.sources.zeek import Zeek
from redshank.flows.write import json_lines, write

RECORDS = sorted({*FLOW_SOURCES.names()} - {"sensor"})
"""Sources that read what other programs wrote."""


@pytest.fixture(params=FLOW_SOURCES.names())
def source(request: pytest.FixtureRequest, tmp_path: Path) -> FlowSource:
    built = example_of("flows/sources", request.param)(tmp_path)
    assert isinstance(built, FlowSource)
    return built


def test_batches_have_the_schema_of_flow_and_at_most_8192_rows(source: FlowSource) -> None:
    batches = list(source.batches())
    assert batches, "an example must give flows"
    assert all(batch.schema.equals(FLOW, check_metadata=True) for batch in batches)
    assert all(0 < batch.num_rows <= 8_192 for batch in batches)
    for batch in batches:
        batch.validate(full=True)


def test_every_row_says_what_it_is_and_a_final_row_comes_once(source: FlowSource) -> None:
    table = pa.Table.from_batches(source.batches(), FLOW)
    assert set(table.column("part").to_pylist()) <= {"final", "interim"}
    reasons = {"closed", "idle", "evicted", "end_of_input", "record"}
    assert set(table.column("part_reason").to_pylist()) <= reasons
    assert table.column("uid").null_count == 0
    final = table.filter(pc.equal(table.column("part"), "final")).column("uid")
    assert len(pc.unique(final)) == len(final)


def test_every_flow_has_two_addresses_and_counts_that_can_be(source: FlowSource) -> None:
    table = pa.Table.from_batches(source.batches(), FLOW)
    assert table.column("src_ip").null_count == 0
    assert table.column("dst_ip").null_count == 0
    for field in FLOW:
        if pa.types.is_integer(field.type):
            lowest = pc.min(table.column(field.name)).as_py()
            assert lowest is None or lowest >= 0, field.name
        if pa.types.is_floating(field.type):
            finite = pc.all(pc.is_finite(table.column(field.name)), min_count=0).as_py()
            assert finite, f"{field.name}: absent is null, never NaN"


def test_anomalies_are_counted_by_stage_and_name(source: FlowSource) -> None:
    list(source.batches())
    for (stage, name), count in source.anomalies.items():
        assert stage.isidentifier()
        assert name.isidentifier()
        assert count > 0


def test_a_second_reading_gives_nothing_or_the_same_flows(source: FlowSource) -> None:
    ends = ("ts", "src_ip", "src_port", "dst_ip", "dst_port", "proto")

    def read() -> bytes:
        return b"".join(json_lines(batch.select(ends)) for batch in source.batches())

    first = read()
    assert read() in (b"", first)


def test_whatever_stands_in_a_flow_is_inert_when_written(source: FlowSource, tmp_path: Path) -> None:
    batches = list(source.batches())
    rows = sum(batch.num_rows for batch in batches)
    for form in ("jsonl", "csv"):
        path = tmp_path / f"written.{form}"
        assert write(batches, form, path) == rows
        content = path.read_text()
        assert content.isascii()
        assert all(character.isprintable() or character == "\n" for character in set(content))
    lines = io.StringIO((tmp_path / "written.jsonl").read_text()).readlines()
    assert len(lines) == rows
    assert all(isinstance(json.loads(line), dict) for line in lines)


def test_a_conn_log_of_the_flows_reads_back_with_every_final_row(source: FlowSource, tmp_path: Path) -> None:
    table = pa.Table.from_batches(source.batches(), FLOW)
    path = tmp_path / "again.log"
    final = table.filter(pc.not_equal(table.column("part"), "interim"))
    assert write(table.to_batches(), "zeek", path) == len(final)
    again = Zeek(path)
    back = pa.Table.from_batches(again.batches(), FLOW)
    shared = ["ts", "uid", "src_ip", "src_port", "dst_ip", "duration", "src_bytes", "conn_state", "history", "vlan"]
    assert back.select(shared).equals(final.select(shared))
    assert again.anomalies == {}


@pytest.mark.parametrize("name", RECORDS)
def test_records_of_other_tools_are_final_and_hostile_bytes_survive_in_them(name: str, tmp_path: Path) -> None:
    source = example_of("flows/sources", name)(tmp_path)
    table = pa.Table.from_batches(source.batches(), FLOW)
    assert pc.unique(table.column("part")).to_pylist() == ["final"]
    assert pc.unique(table.column("part_reason")).to_pylist() in (["record"], ["closed"])  # a table says its own
    assert (source.packets, source.packet_bytes) == (0, 0)
    assert len(table) >= 9_000


@pytest.mark.parametrize("name", RECORDS)
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"x\.txt: empty"),
        (b"hello\x1b[2J\nworld\n", r"x\.txt: not .*it starts with b'hello"),
        (b"\x00\xff" * 700_000, r"x\.txt: not .*it starts with b'.x00"),
        (b"\x1f\x8b\x08\x00 no gzip", r"x\.txt: damaged gzip, nothing in it can be read"),
    ],
    ids=["empty", "text", "bytes", "gzip"],
)
def test_a_file_that_is_no_such_record_is_refused_in_one_printable_line(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    (tmp_path / "x.txt").write_bytes(content)
    with pytest.raises(SourceError, match=message) as caught:
        FLOW_SOURCES.find(name)(tmp_path / "x.txt")  # type: ignore[call-arg]  # what it reads is no part of the contract
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("name", RECORDS)
def test_a_path_that_is_not_there_is_wrong_usage(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent: no such file"):
        FLOW_SOURCES.find(name)(tmp_path / "absent")  # type: ignore[call-arg]  # as above


@pytest.mark.parametrize("name", [name for name in RECORDS if getattr(FLOW_SOURCES.find(name), "FOLLOWS", False)])
def test_a_source_that_follows_ends_when_asked_and_has_given_all(name: str, tmp_path: Path) -> None:
    built = example_of("flows/sources", name)(tmp_path)
    rows = sum(batch.num_rows for batch in built.batches())
    (path,) = tmp_path.iterdir()
    following = FLOW_SOURCES.find(name)(path, follow=True)  # type: ignore[call-arg]  # as above
    following.stop()
    assert sum(batch.num_rows for batch in following.batches()) == rows
