import pyarrow as pa
import pytest

from redshank.flows.parquet.chunks import Chunks

SCHEMA = pa.schema([("port", pa.int32()), ("name", pa.string())])


def test_an_empty_row_group_has_nothing_of_any_column() -> None:
    for pages, entries, known in Chunks(SCHEMA, 64).take():
        assert (len(pages), len(entries)) == (0, 0)
        assert (known.levels, known.values, known.coded) == (0, 0, 0)


def test_a_page_of_two_gigabytes_is_refused() -> None:
    chunks = Chunks(SCHEMA, 64)
    chunks._columns["lack"][1] = 2**31
    with pytest.raises(
        ValueError, match=r"Parquet: 2,147,483,648 bytes of column 'name' do not fit a page; write small"
    ):
        chunks._make_room(1)


def test_rooms_keep_what_they_hold_when_they_grow() -> None:
    chunks = Chunks(SCHEMA, 64)
    chunks._rooms[0][:3] = 1, 2, 3
    chunks._columns["used"][0], chunks._columns["lack"][0] = 3, 1 << 20
    chunks._make_room(0)
    assert len(chunks._rooms[0]) >= 1 << 20
    (pages, _, _), _ = chunks.take()
    assert bytes(pages) == b"\1\2\3"
