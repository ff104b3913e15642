import pyarrow as pa
import pytest

from redshank.core.schema import DEVICE, FLOW, VERDICT
from redshank.flows.parquet.columns import ARRAY, BOOL, COLUMN, ENTRIES_BYTES, FOUR, MOST, START_SLOTS, kind_of


def test_all_our_columns_can_be_written() -> None:
    for schema in (FLOW, DEVICE, VERDICT):
        assert {kind_of(field.type) for field in schema} <= set(range(len(ENTRIES_BYTES)))
    assert (kind_of(pa.bool_()), kind_of(pa.list_(pa.float32()))) == (BOOL, FOUR)


@pytest.mark.parametrize("type_", [pa.int8(), pa.timestamp("us"), pa.list_(pa.list_(pa.int32())), pa.binary()])
def test_what_we_cannot_write_is_named(type_: pa.DataType) -> None:
    with pytest.raises(TypeError, match="is not written; use bool, int32, float, int64, double, string"):
        kind_of(type_)


def test_a_code_of_the_largest_dictionary_has_at_most_15_bits() -> None:
    assert MOST <= 1 << 15
    assert START_SLOTS < 2 * MOST
    assert ARRAY.itemsize == 80  # struct ArrowArray of the C data interface
    assert len(COLUMN.names or ()) == COLUMN.itemsize // 8
