import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from drawn import examples
from redshank.core.schema import DEVICE, FLOW, TIMESTAMP, VERDICT, flow_batch
from redshank.flows.parquet.writer import GROUP_ROWS, PAGE_ROWS, Writer

VALUES: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.bool_(): st.booleans(),
    pa.int32(): st.sampled_from([0, 1, -1, 2**31 - 1, -(2**31)]) | st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63)]) | st.integers(-(2**63), 2**63 - 1),
    pa.float32(): st.floats(width=32),
    pa.float64(): st.sampled_from([0.0, -0.0]) | st.floats(),
    pa.string(): st.sampled_from(["", "tcp", "unknown_transport"]) | st.text(max_size=40),
    TIMESTAMP: st.integers(-(2**63), 2**63 - 1),
}
TYPES = [*VALUES, *(pa.list_(type_) for type_ in VALUES)]


def values_of(type_: pa.DataType) -> st.SearchStrategy[Any]:
    if pa.types.is_list(type_):
        return st.lists(st.none() | VALUES[type_.value_type], max_size=4)
    return VALUES[type_]


@st.composite
def batches(draw: st.DrawFn) -> tuple[pa.Schema, list[pa.RecordBatch]]:
    types = draw(st.lists(st.sampled_from(TYPES), min_size=1, max_size=4))
    schema = pa.schema([(f"c{place}", type_) for place, type_ in enumerate(types)])
    made = []
    for _ in range(draw(st.integers(0, 3))):
        rows = draw(st.integers(0, 70))
        nulls = draw(st.sampled_from([0.0, 0.5, 1.0]))
        columns = [column(draw, type_, rows, nulls) for type_ in types]
        batch = pa.record_batch(columns, schema=schema)
        first = draw(st.integers(0, rows))
        made.append(batch.slice(first, draw(st.integers(0, rows - first))))
    return schema, made


def column(draw: st.DrawFn, type_: pa.DataType, rows: int, nulls: float) -> pa.Array:
    """A column of few values, some of them null, as others' columns are: drawing each cell would take minutes."""
    some = draw(st.lists(values_of(type_), min_size=1, max_size=12))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    picked = [
        None if gone else some[k]
        for k, gone in zip(random.integers(0, len(some), rows), random.random(rows) < nulls, strict=True)
    ]
    return pa.array(picked, type_)


def written(schema: pa.Schema, some: list[pa.RecordBatch]) -> bytes:
    stream = io.BytesIO()
    writer = Writer(stream, schema)
    for batch in some:
        writer.write(batch)
    assert writer.close() == sum(batch.num_rows for batch in some)
    return stream.getvalue()


def bits(array: pa.ChunkedArray) -> Any:
    """A column so that equal is equal bit for bit: NaN is what it is, and -0.0 is not 0.0."""
    if pa.types.is_list(array.type):
        flat = pa.chunked_array([array.combine_chunks().flatten()]) if len(array) else array
        return pc.list_value_length(array).to_pylist(), bits(flat) if len(array) else []
    if pa.types.is_floating(array.type):
        size = array.type.bit_width // 8
        there = array.drop_null().to_numpy().view(f"u{size}")
        return array.is_null().to_pylist(), there.tolist()
    return array.to_pylist() if not pa.types.is_timestamp(array.type) else array.cast(pa.int64()).to_pylist()


def check(content: bytes, schema: pa.Schema, some: list[pa.RecordBatch]) -> pa.Table:
    back = parquet.read_table(io.BytesIO(content))
    assert back.schema.equals(schema)
    before = pa.Table.from_batches(some, schema)
    for name in schema.names:
        assert bits(back.column(name)) == bits(before.column(name)), name
    back.validate(full=True)
    return back


@settings(max_examples=examples(150), deadline=None)
@given(batches())
def test_what_is_written_reads_back_bit_for_bit(given_: tuple[pa.Schema, list[pa.RecordBatch]]) -> None:
    schema, some = given_
    content = written(schema, some)
    check(content, schema, some)
    assert written(schema, some) == content


def plain(rows: int, seed: int = 0) -> pa.RecordBatch:
    """Columns of all kinds: few values, ever new ones, nulls in the same rows, lists."""
    random = np.random.default_rng(seed)
    gone = random.random(rows) < 0.3
    names = [f"C{value:x}" for value in random.integers(0, 2**62, rows)]
    return flow_batch(
        {
            "ts": pa.array(1_500_000_000_000_000_000 + random.integers(-(10**12), 10**12, rows), pa.int64()).cast(
                TIMESTAMP
            ),
            "uid": names,
            "src_ip": [f"10.0.{k >> 8}.{k & 255}" for k in random.integers(0, 9_000, rows)],
            "proto": random.choice(["tcp", "udp", "icmp"], rows),
            "src_port": random.integers(0, 65_536, rows).astype(np.int32),
            "src_bytes": pa.array(random.integers(0, 300, rows), mask=gone),
            "duration": pa.array(random.random(rows), mask=gone),
            "dns_AA": pa.array(random.random(rows) < 0.5, mask=gone),
            "service": pa.array(random.choice(["http", "dns", "gssapi,ldap"], rows), mask=random.random(rows) < 0.9),
            "first_sizes_bytes": [
                random.integers(-1500, 1500, length).tolist() for length in random.integers(0, 17, rows)
            ],
        },
        rows,
    )


def test_many_flows_read_back_over_the_borders_of_pages_and_row_groups() -> None:
    whole = plain(GROUP_ROWS + 3 * PAGE_ROWS + 5)
    some = [
        whole.slice(0, 3),
        whole.slice(3, 2_500),
        whole.slice(2_503, 60),
        whole.slice(2_563, 9_000),
        whole.slice(11_563),
    ]
    content = written(FLOW, some)
    check(content, FLOW, some)
    groups = parquet.read_metadata(io.BytesIO(content))
    assert [groups.row_group(k).num_rows for k in range(groups.num_row_groups)] == [
        2_563 + 2 * 4_096 + 808 + 6 * 4_096,
        whole.num_rows - 2_563 - 2 * 4_096 - 808 - 6 * 4_096,
    ]


def test_a_dictionary_is_kept_where_values_come_again_and_only_there() -> None:
    content = written(FLOW, [plain(PAGE_ROWS, seed) for seed in range(4)])
    group = parquet.read_metadata(io.BytesIO(content)).row_group(0)
    coded = {group.column(k).path_in_schema for k in range(group.num_columns) if group.column(k).has_dictionary_page}
    assert {"src_ip", "proto", "src_bytes", "service", "first_sizes_bytes.list.element"} <= coded
    assert not {"ts", "uid", "src_port", "duration", "dns_AA", "vlan"} & coded


def test_a_column_whose_values_become_new_goes_on_without_its_dictionary() -> None:
    schema = pa.schema([("text", pa.string()), ("number", pa.int64())])
    repeated = pa.record_batch([["tcp"] * PAGE_ROWS, [7] * PAGE_ROWS], schema=schema)
    ever = [f"{k:040}" for k in range(3 * PAGE_ROWS)]
    new = pa.record_batch([ever, list(range(3 * PAGE_ROWS))], schema=schema)
    content = written(schema, [repeated, new, repeated])
    check(content, schema, [repeated, new, repeated])
    column = parquet.read_metadata(io.BytesIO(content)).row_group(0).column(0)
    assert column.has_dictionary_page
    assert column.total_compressed_size > 44 * 2 * PAGE_ROWS


def test_the_footer_says_what_the_general_writer_says() -> None:
    for schema in (FLOW, DEVICE, VERDICT, FLOW.with_metadata({"made": "here"})):
        theirs = io.BytesIO()
        parquet.write_table(schema.empty_table(), theirs)
        mine = parquet.read_metadata(io.BytesIO(written(schema, [])))
        general = parquet.read_metadata(theirs)
        assert mine.schema.equals(general.schema)
        assert mine.metadata == general.metadata
        read = parquet.read_table(io.BytesIO(written(schema, [])))
        assert read.schema.equals(parquet.read_table(theirs).schema, check_metadata=True)


def test_readers_skip_row_groups_by_their_times(tmp_path: Path) -> None:
    schema = pa.schema([("ts", TIMESTAMP), ("port", pa.int32())])
    parts = [
        pa.record_batch([pa.array(range(first, first + GROUP_ROWS), TIMESTAMP), [80] * GROUP_ROWS], schema=schema)
        for first in (0, 10**9, 2 * 10**9)
    ]
    (tmp_path / "x.parquet").write_bytes(written(schema, parts))
    wanted = ds.field("ts") >= pa.scalar(2 * 10**9 + 7, TIMESTAMP)
    data = ds.dataset(tmp_path / "x.parquet")
    assert data.to_table(filter=wanted).num_rows == GROUP_ROWS - 7
    (fragment,) = data.get_fragments()
    assert len(fragment.subset(wanted).row_groups) == 1
    column = parquet.read_metadata(tmp_path / "x.parquet").row_group(1).column(0)
    assert (column.statistics.min_raw, column.statistics.max_raw) == (10**9, 10**9 + GROUP_ROWS - 1)
    assert column.statistics.null_count == 0


def test_nulls_are_counted_and_have_no_times() -> None:
    schema = pa.schema([("ts", TIMESTAMP), ("names", pa.list_(pa.string()))])
    some = pa.record_batch([pa.array([None, None, None], TIMESTAMP), [["a", None], None, []]], schema=schema)
    group = parquet.read_metadata(io.BytesIO(written(schema, [some]))).row_group(0)
    assert [group.column(k).statistics.null_count for k in range(2)] == [3, 3]
    assert not group.column(0).statistics.has_min_max


def test_lists_that_are_null_may_still_have_members_in_memory() -> None:
    lists = pa.ListArray.from_arrays(pa.array([0, 2, 5, 5, 6]), pa.array([1, 2, 3, None, 5, 6], pa.int32()))
    valid = pa.py_buffer(bytes([0b1101]))
    odd = pa.ListArray.from_buffers(lists.type, 4, [valid, lists.buffers()[1]], children=[lists.values])
    schema = pa.schema([("sizes", odd.type)])
    some = pa.record_batch([odd], schema=schema)
    back = check(written(schema, [some]), schema, [some])
    assert back.column("sizes").to_pylist() == [[1, 2], None, [], [6]]
    check(written(schema, [some.slice(2)]), schema, [some.slice(2)])


def test_texts_of_one_hash_are_told_apart_and_long_lists_find_room() -> None:
    schema = pa.schema([("text", pa.string()), ("names", pa.list_(pa.string())), ("sizes", pa.list_(pa.int32()))])
    texts = [f"{'x' * 8}{k % 9}{'y' * 8}" for k in range(500)]
    some = pa.record_batch([texts, [texts] * 500, [list(range(1_000))] * 500], schema=schema)
    check(written(schema, [some]), schema, [some])


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        (pa.record_batch({"a": pa.array([1], pa.int64())}), "column 'a' of a batch is int64, where int32 is written"),
        (
            pa.record_batch({"b": pa.array([1], pa.int32())}),
            r"a batch has the columns \['b'\], where \['a'\] are written",
        ),
    ],
)
def test_a_batch_of_another_schema_is_refused(given_: pa.RecordBatch, words: str) -> None:
    writer = Writer(io.BytesIO(), pa.schema([("a", pa.int32())]))
    with pytest.raises(TypeError, match=words):
        writer.write(given_)


def test_a_column_that_we_cannot_write_is_refused_before_anything_is_written() -> None:
    stream = io.BytesIO()
    with pytest.raises(
        TypeError, match=r"Parquet: 'decimal128\(9, 2\)' is not written; use bool, int32, .* timestamp\[ns\]"
    ):
        Writer(stream, pa.schema([("a", pa.decimal128(9, 2))]))
    with pytest.raises(TypeError, match=r"Parquet: column 'a' may not be null, which is not written"):
        Writer(stream, pa.schema([pa.field("a", pa.int32(), nullable=False)]))
    assert stream.getvalue() == b""


def test_small_batches_wait_for_each_other() -> None:
    schema = pa.schema([("a", pa.int32())])
    some = [pa.record_batch([pa.array([k], pa.int32())], schema=schema) for k in range(3_000)]
    content = written(schema, some)
    assert len(content) < 16_000
    check(content, schema, some)


def test_an_error_of_the_stream_goes_through() -> None:
    class Full(io.BytesIO):
        def write(self, _content: Any) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        Writer(Full(), FLOW)
