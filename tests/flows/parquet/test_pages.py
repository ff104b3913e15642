import io

import numpy as np
import pyarrow as pa
from pyarrow import parquet

from redshank.flows.parquet.columns import ARRAY
from redshank.flows.parquet.writer import GROUP_ROWS, Writer


def test_a_column_of_one_value_takes_a_few_bytes_a_page() -> None:
    schema = pa.schema([("proto", pa.string()), ("vlan", pa.int32()), ("gone", pa.float64())])
    some = pa.record_batch([["tcp"] * GROUP_ROWS, [7] * GROUP_ROWS, [None] * GROUP_ROWS], schema=schema)
    stream = io.BytesIO()
    writer = Writer(stream, schema)
    writer.write(some)
    writer.close()
    group = parquet.read_metadata(stream).row_group(0)
    assert all(group.column(k).total_compressed_size < 8 * 40 + 30 for k in range(3))


def test_a_batch_may_begin_anywhere_in_its_columns() -> None:
    some = pa.record_batch({"port": pa.array([1, None, 3, 4], pa.int32()), "names": [["a"], ["b", "c"], None, ["d"]]})
    address = np.zeros(1, ARRAY)
    some._export_to_c(address.ctypes.data)  # Arrow gives batches only whole; the C data interface allows more
    address["offset"], address["length"] = 1, 3
    stream = io.BytesIO()
    writer = Writer(stream, some.schema)
    writer._chunks.add(address.ctypes.data)
    writer._group_rows = 3
    writer.close()
    assert parquet.read_table(stream).to_pylist() == some.slice(1).to_pylist()
    address["offset"], address["length"] = 0, 4
    assert pa.RecordBatch._import_from_c(address.ctypes.data, some.schema).equals(some)  # gives the memory back


def test_columns_with_nulls_in_the_same_rows_share_them_and_others_do_not() -> None:
    one, other = [1, None, 3] * 50, [None, 2, 3] * 50
    lists = [[1], None, []] * 50
    names = dict(zip("abcdefg", (one, one, lists, one, other, list(range(150)), other), strict=True))
    some = pa.record_batch(names)
    stream = io.BytesIO()
    writer = Writer(stream, some.schema)
    writer.write(some)
    writer.close()
    assert parquet.read_table(stream).to_pydict() == names
