"""Arrow batches -> a Parquet file.

In: batches of one schema, of columns that may have nulls. Out: a file that every reader of Parquet knows: values as
they are or from a dictionary, not compressed. A batch becomes pages at once, so that no more than a row group of pages
is held; small batches wait for others, large ones are cut.
We know our types and write one kernel for them, which is why it is several times as fast as Arrow's own writer
(docs/decisions/0013-own-parquet-writer.md). The same batches give the same bytes.
Source: https://parquet.apache.org/docs/file-format/
"""

import ctypes
from typing import BinaryIO

import pyarrow as pa

from redshank.flows.parquet.chunks import Chunks
from redshank.flows.parquet.metadata import MAGIC, Chunk, Footer, dictionary_header

GROUP_ROWS = 32_768
"""Rows of one row group: large enough for dictionaries to pay, small enough to hold."""
PAGE_ROWS = 4_096
"""Rows of one page at most."""
_WAITING_ROWS = 2_048
"""Rows that are written as they come; fewer wait, because a page costs as much as a hundred values."""

_address = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)


class Writer:
    """Writes batches to a stream.

    Args:
        stream: Where to; it is never asked for its position.
        schema: Of all batches.

    Raises:
        TypeError: If a column is of a type that we cannot write, or may not be null.

    Example:
        >>> import io
        >>> from pyarrow import parquet
        >>> stream, batch = io.BytesIO(), pa.record_batch({"port": pa.array([53, None, 443], pa.int32())})
        >>> writer = Writer(stream, batch.schema)
        >>> writer.write(batch)
        >>> writer.close()
        3
        >>> parquet.read_table(stream).to_pylist()
        [{'port': 53}, {'port': None}, {'port': 443}]
    """

    def __init__(self, stream: BinaryIO, schema: pa.Schema) -> None:
        for field in schema:
            if not field.nullable:
                raise TypeError(f"Parquet: column '{field.name}' may not be null, which is not written")
        self._stream, self._schema = stream, schema
        self._chunks, self._footer = Chunks(schema, PAGE_ROWS), Footer(schema)
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = self._group_rows = self._rows = 0
        self._position = 0
        self._put(MAGIC)

    def write(self, batch: pa.RecordBatch) -> None:
        """Take a batch; it may stay in memory until others come.

        Raises:
            TypeError: If it is not of the schema.
        """
        if not batch.schema.equals(self._schema):
            raise TypeError(f"Parquet: {_difference(batch.schema, self._schema)}")
        for first in range(0, batch.num_rows, PAGE_ROWS):
            part = batch.slice(first, PAGE_ROWS) if batch.num_rows > PAGE_ROWS else batch
            if self._waiting_rows + part.num_rows > PAGE_ROWS:
                self._write_waiting()
            self._waiting.append(part)
            self._waiting_rows += part.num_rows
            if self._waiting_rows >= _WAITING_ROWS:
                self._write_waiting()

    def close(self) -> int:
        """Write what is left and the footer; return how many rows the file has. The stream stays open."""
        self._write_waiting()
        self._write_group()
        self._put(self._footer.content())
        return self._rows

    def _write_waiting(self) -> None:
        if not self._waiting:
            return
        batch = self._waiting[0] if len(self._waiting) == 1 else pa.concat_batches(self._waiting)
        self._waiting, self._waiting_rows = [], 0
        _, capsule = batch.__arrow_c_array__()
        self._chunks.add(_address(capsule, b"arrow_array"))
        self._rows += batch.num_rows
        self._group_rows += batch.num_rows
        if self._group_rows >= GROUP_ROWS:
            self._write_group()

    def _write_group(self) -> None:
        if not self._group_rows:
            return
        chunks = []
        for pages, entries, known in self._chunks.take():
            position = self._position
            if known.coded:
                self._put(dictionary_header(known.entries_used, known.distinct))
                self._put(entries)
            start = self._position
            self._put(pages)
            span = (known.low, known.high) if known.timed and known.values else None
            nulls = known.levels - known.values
            chunks.append(Chunk(position, start - position, self._position - position, known.levels, nulls, span))
        self._footer.add(self._group_rows, chunks)
        self._chunks.clear()
        self._group_rows = 0

    def _put(self, content: bytes | memoryview) -> None:
        self._stream.write(content)
        self._position += len(content)


def _difference(given: pa.Schema, wanted: pa.Schema) -> str:
    """Say where two schemas differ first."""
    if given.names != wanted.names:
        return f"a batch has the columns {given.names}, where {wanted.names} are written"
    for one, other in zip(given, wanted, strict=True):
        if not one.equals(other):
            return f"column '{one.name}' of a batch is {one.type}, where {other.type} is written"
    return "a batch is of another schema"
