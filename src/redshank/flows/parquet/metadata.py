"""What a Parquet file says of itself: the schema, and where each row group's columns lie.

In: an Arrow schema, and where chunks of columns were written. Out: bytes of the footer.
The Arrow schema is kept there as Arrow's own writer does, so that types and metadata come back the same.
Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

import base64
import struct as packing
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa

from redshank.flows.parquet.columns import BOOL, EIGHT, FOUR, TEXT, kind_of
from redshank.flows.parquet.runs import CODED, PLAIN, RLE
from redshank.flows.parquet.thrift import BINARY, I32, I64, LIST, STRUCT, TRUE, number, several, struct, text

MAGIC = b"PAR1"

_CREATED_BY = "redshank"
_VERSION = 2  # of the format: times in ns are known
_OPTIONAL, _REPEATED = 1, 2
_UTF8, _LISTS = 0, 3  # types as readers of before 2017 know them
_EMPTY = struct([])


class Chunk(NamedTuple):
    """A column of a row group: what was written of it, and where.

    Args:
        position: Of its first byte in the file.
        dictionary_bytes: Length of its dictionary's page; 0 if it has none.
        size_bytes: Length of all its pages.
        levels: Rows, or members of lists, null or not.
        nulls: Those of them that are null.
        span: The least and the greatest value, where that is wanted and there is any.
    """

    position: int
    dictionary_bytes: int
    size_bytes: int
    levels: int
    nulls: int
    span: tuple[int, int] | None


class Footer:
    """Gathers row groups, and writes what stands at the end of a file.

    Args:
        schema: Of all rows; every column may have nulls.

    Raises:
        TypeError: If a column is of a type that we cannot write.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._rows = 0
        self._groups: list[bytes] = []
        self._chunks = [_chunk_begin(field) for field in schema]

    def add(self, rows: int, chunks: Sequence[Chunk]) -> None:
        """Take a row group, one chunk for each column."""
        total = sum(chunk.size_bytes for chunk in chunks)
        columns = [_chunk(begin, chunk) for begin, chunk in zip(self._chunks, chunks, strict=True)]
        fields = [(1, LIST, several(STRUCT, columns)), (2, I64, number(total)), (3, I64, number(rows))]
        self._groups.append(struct([*fields, (6, I64, number(total))]))
        self._rows += rows

    def content(self) -> bytes:
        """Return the footer, its length and the mark of the format."""
        elements = [struct([(4, BINARY, text("schema")), (5, I32, number(len(self._schema)))])]
        for field in self._schema:
            elements += _elements(field)
        stored = {b"ARROW:schema": base64.b64encode(self._schema.serialize()), **(self._schema.metadata or {})}
        pairs = [struct([(1, BINARY, text(key)), (2, BINARY, text(value))]) for key, value in stored.items()]
        orders = [struct([(1, STRUCT, _EMPTY)])] * len(self._schema)  # of each leaf: as its type says
        content = struct(
            [
                (1, I32, number(_VERSION)),
                (2, LIST, several(STRUCT, elements)),
                (3, I64, number(self._rows)),
                (4, LIST, several(STRUCT, self._groups)),
                (5, LIST, several(STRUCT, pairs)),
                (6, BINARY, text(_CREATED_BY)),
                (7, LIST, several(STRUCT, orders)),
            ]
        )
        return content + packing.pack("<I", len(content)) + MAGIC


def dictionary_header(size_bytes: int, values: int) -> bytes:
    """Return the header of a dictionary's page.

    Args:
        size_bytes: Length of what follows.
        values: How many values it has.
    """
    long = number(size_bytes)
    return b"\x15\x04\x15%b\x15%b\x4c\x15%b\x15\0\0\0" % (long, long, number(values))


def _physical(type_: pa.DataType) -> int:
    kind = kind_of(type_)
    if kind in (FOUR, EIGHT):
        return (1 if kind == FOUR else 2) + (3 if pa.types.is_floating(type_) else 0)
    return {BOOL: 0, TEXT: 6}[kind]


def _elements(field: pa.Field) -> list[bytes]:
    """Return what stands in the schema for a field: one element, or three for a list."""
    if pa.types.is_list(field.type):
        named = [(3, I32, number(_OPTIONAL)), (4, BINARY, text(field.name)), (5, I32, number(1))]
        listed = struct([*named, (6, I32, number(_LISTS)), (10, STRUCT, struct([(3, STRUCT, _EMPTY)]))])
        middle = struct([(3, I32, number(_REPEATED)), (4, BINARY, text("list")), (5, I32, number(1))])
        return [listed, middle, _element("element", field.type.value_type)]
    return [_element(field.name, field.type)]


def _element(name: str, type_: pa.DataType) -> bytes:
    fields = [(1, I32, number(_physical(type_))), (3, I32, number(_OPTIONAL)), (4, BINARY, text(name))]
    if pa.types.is_string(type_):
        fields += [(6, I32, number(_UTF8)), (10, STRUCT, struct([(1, STRUCT, _EMPTY)]))]
    if pa.types.is_timestamp(type_):
        unit = struct([(3, STRUCT, _EMPTY)])  # ns
        about = struct([(1, TRUE if type_.tz else TRUE + 1, b""), (2, STRUCT, unit)])
        fields += [(10, STRUCT, struct([(8, STRUCT, about)]))]
    return struct(fields)


def _chunk_begin(field: pa.Field) -> tuple[bytes, bytes]:
    """Return what every ColumnChunk of a column begins with: without and with a dictionary."""
    listed = pa.types.is_list(field.type)
    type_ = field.type.value_type if listed else field.type
    path = [field.name, "list", "element"] if listed else [field.name]
    plain, coded = (
        [
            (1, I32, number(_physical(type_))),
            (2, LIST, several(I32, [number(one) for one in encodings])),
            (3, LIST, several(BINARY, [text(name) for name in path])),
            (4, I32, number(0)),  # not compressed
        ]
        for encodings in ((PLAIN, RLE), (PLAIN, RLE, CODED))
    )
    begin, other = (struct([(2, I64, b"\0"), (3, STRUCT, struct(about))])[:-2] for about in (plain, coded))
    return begin, other


def _chunk(begin: tuple[bytes, bytes], chunk: Chunk) -> bytes:
    """Return a ColumnChunk, its fields one by one: there are as many of them as of pages."""
    position, dictionary_bytes, size_bytes, levels, nulls, span = chunk
    long = number(size_bytes)
    parts = [begin[dictionary_bytes > 0], b"\x16", number(levels), b"\x16", long, b"\x16", long]  # fields 5 to 7
    parts += (b"\x26", number(position + dictionary_bytes))  # 9: the first page of values
    if dictionary_bytes:
        parts += (b"\x26", number(position), b"\x1c\x36", number(nulls))  # 11: the dictionary; 12: statistics
    else:
        parts += (b"\x3c\x36", number(nulls))
    if span:
        parts.append(packing.pack("<BBqBBq", 0x28, 8, span[1], 0x18, 8, span[0]))  # 5 and 6: greatest and least
    parts.append(b"\0\0\0")
    return b"".join(parts)
