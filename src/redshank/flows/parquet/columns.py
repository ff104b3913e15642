"""What a column of a Parquet file is while its row group grows, and where an Arrow array lies.

In: an Arrow schema. Out: one COLUMN record for each field, which kernels read and write, over memory that is used again
for every row group. Memory that no row needs is never touched, so rooms can be generous.
Source: https://arrow.apache.org/docs/format/CDataInterface.html
"""

from typing import Any

import numpy as np
import pyarrow as pa

from redshank.flows.parquet.memory import array_at

BOOL, FOUR, EIGHT, TEXT = range(4)
"""Kinds of values: a bit, 4 bytes, 8 bytes, a length and text."""

OPEN, CLOSED = 0, 1
"""A chunk's dictionary: still taking values, or given up."""

MOST = 1 << 13
"""Values of a dictionary at most."""
START_SLOTS = 1 << 8
"""Places of a hash table that a row group begins with: what fits the fastest memory."""

ENTRIES_BYTES = (0, 4 * MOST, 8 * MOST, 32 * MOST)
"""Bytes of a dictionary at most, by kind."""

_KINDS = {
    pa.bool_(): BOOL,
    pa.int32(): FOUR,
    pa.float32(): FOUR,
    pa.int64(): EIGHT,
    pa.float64(): EIGHT,
    pa.string(): TEXT,
}

COLUMN = np.dtype(
    [
        (name, "i8")
        for name in (
            "kind",  # BOOL, FOUR, EIGHT or TEXT
            "listed",  # 1 for a list of values
            "timed",  # 1 where the least and the greatest value are wanted
            "source",  # address of the next page's values, of where its texts begin, or of its bits
            "origin",  # number of the first of these bits
            "count",  # how many values there are, null or not
            "texts",  # address of all texts
            "texts_length",
            "room",  # address of the pages
            "room_length",
            "lack",  # how long that has to be for the next page
            "wanted",  # rows and members of lists of the next page
            "used",  # bytes of the pages
            "levels",  # rows, or members of lists, null or not
            "values",  # those of them that are not null
            "low",  # the least of them
            "high",  # the greatest of them
            "coded",  # pages with codes
            "entries",  # address of the dictionary: values as Parquet writes them
            "entries_length",
            "entries_used",
            "hashes",  # address of hashes of its texts
            "starts",  # address of the places of its texts
            "distinct",  # how many it has
            "longest",  # length of the longest text that was sought in it
            "state",  # OPEN or CLOSED
            "slots",  # address of the hash table: 0, or the value's number in the dictionary, counted from 1
            "slots_length",
            "mask",  # places of the hash table in use, less 1
        )
    ]
)

Column = Any
"""A COLUMN record in a kernel: numba's records have no types."""
Columns = Any
"""An array of them."""

ARRAY = np.dtype(
    [
        (name, "i8")
        for name in (
            "length",
            "null_count",
            "offset",
            "n_buffers",
            "n_children",
            "buffers",
            "children",
            "dictionary",
            "release",
            "private",
        )
    ]
)
"""An Arrow array as C sees it: `struct ArrowArray`."""

arrays = array_at(ARRAY)
addresses = array_at(np.int64)
octets = array_at(np.uint8)
"""(address, length) -> what lies there."""


def kind_of(type_: pa.DataType) -> int:
    """Return the kind of a column's values, or of a list's members.

    Raises:
        TypeError: If we cannot write them.

    Example:
        >>> kind_of(pa.int64()) == EIGHT, kind_of(pa.list_(pa.string())) == TEXT
        (True, True)
    """
    member = type_.value_type if pa.types.is_list(type_) else type_
    if member in _KINDS:
        return _KINDS[member]
    if pa.types.is_timestamp(member) and member.unit == "ns":
        return EIGHT
    known = ", ".join(str(one) for one in _KINDS)
    raise TypeError(f"Parquet: '{type_}' is not written; use {known}, timestamp[ns], or a list of one of them")
