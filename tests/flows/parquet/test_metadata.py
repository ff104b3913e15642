import pyarrow as pa
import pytest

from redshank.flows.parquet.metadata import MAGIC, Chunk, Footer, dictionary_header
from redshank.flows.parquet.thrift import I32, STRUCT, number, struct


def test_the_footer_ends_with_its_length_and_the_mark() -> None:
    footer = Footer(pa.schema([("ts", pa.timestamp("ns"))]))
    empty = footer.content()
    footer.add(3, [Chunk(4, 0, 100, 3, 0, (-1, 2**62))])
    content = footer.content()
    for one in (empty, content):
        assert one[-4:] == MAGIC
        assert int.from_bytes(one[-8:-4], "little") == len(one) - 8
    assert (-1).to_bytes(8, "little", signed=True) in content
    assert (2**62).to_bytes(8, "little") in content


def test_the_header_of_a_dictionary_is_a_struct_of_thrift() -> None:
    about = struct([(1, I32, number(300)), (2, I32, number(0))])
    size = number(2_400)
    wanted = struct([(1, I32, number(2)), (2, I32, size), (3, I32, size), (7, STRUCT, about)])
    assert dictionary_header(2_400, 300) == wanted


def test_each_column_of_a_row_group_has_a_chunk() -> None:
    with pytest.raises(ValueError, match="zip"):
        Footer(pa.schema([("a", pa.int32()), ("b", pa.int32())])).add(1, [Chunk(4, 0, 9, 1, 0, None)])
