"""Every flow source keeps the promises of `flows/source.py`."""

import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from contracts.examples import example_of
from redshank.core.schema import FLOW
from redshank.flows.source import FLOW_SOURCES, FlowSource
from redshank.flows.sources.zeek import Zeek
from redshank.flows.write import json_lines, write


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

    def read() -> list[str]:
        return [line for batch in source.batches() for line in json_lines(batch.select(ends)).to_pylist()]

    first = read()
    assert read() in ([], first)


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
