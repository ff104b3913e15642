"""The columns of a row group while it grows: their pages and dictionaries, in memory that is used again.

In: addresses of Arrow batches. Out: bytes of pages and of dictionaries, column by column.
Rooms for pages grow to what a row group takes and stay so. Dictionaries lie in one piece of memory, of which what is
not used is never touched, and takes no memory.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.flows.parquet.columns import BOOL, COLUMN, ENTRIES_BYTES, MOST, START_SLOTS, TEXT, kind_of
from redshank.flows.parquet.pages import encode, restart

_ROOM_BYTES = 1 << 16
_MOST_BYTES = (1 << 31) - 1
"""Of a page: its header counts in 32 bits."""


class Known(NamedTuple):
    """What is known of a column when its row group ends: see COLUMN."""

    used: int
    entries: int
    entries_used: int
    distinct: int
    coded: int
    levels: int
    values: int
    timed: int
    low: int
    high: int


class Chunks:
    """What a row group has so far of each column.

    Args:
        schema: Of the batches.
        rows: Of the largest batch.

    Raises:
        TypeError: If a column is of a type that we cannot write.
    """

    def __init__(self, schema: pa.Schema, rows: int) -> None:
        self._names = schema.names
        self._columns = np.zeros(len(schema), COLUMN)
        self._columns["kind"] = [kind_of(field.type) for field in schema]
        self._columns["listed"] = [pa.types.is_list(field.type) for field in schema]
        self._columns["timed"] = [pa.types.is_timestamp(field.type) for field in schema]
        self._columns["room_length"] = _ROOM_BYTES
        self._rooms = [np.zeros(_ROOM_BYTES, np.uint8) for _ in schema]
        self._columns["room"] = [room.ctypes.data for room in self._rooms]
        self._memory = self._place_dictionaries()
        self._columns["mask"] = START_SLOTS - 1
        self._make_scratch(2 * rows)

    def _place_dictionaries(self) -> npt.NDArray[np.uint8]:
        kinds = self._columns["kind"]
        coded, texts = kinds != BOOL, kinds == TEXT
        sizes = np.stack([np.array(ENTRIES_BYTES)[kinds], 2 * MOST * 2 * coded, MOST * 8 * texts, MOST * 4 * texts])
        memory = np.zeros(int(sizes.sum()) + 64, np.uint8)
        places = memory.ctypes.data + np.cumsum(sizes).reshape(sizes.shape) - sizes
        for name, column in zip(("entries", "slots", "hashes", "starts"), places, strict=True):
            self._columns[name] = column
        self._columns["entries_length"], self._columns["slots_length"] = sizes[0], 2 * MOST * coded
        return memory

    def _make_scratch(self, wanted: int) -> None:
        self._scratch = (
            np.arange(wanted, dtype=np.uint32),
            np.zeros(wanted, np.uint32),
            np.zeros(wanted + 8, np.uint16),
            np.zeros((4, wanted // 2 + 64), np.uint8),
            np.zeros(wanted // 64 + 2, np.uint64),
            np.zeros(wanted, np.uint64),
            np.zeros(MOST, np.uint32),
        )

    def add(self, address: int) -> None:
        """Write a page of each column.

        Args:
            address: Of a `struct ArrowArray`: a batch of the schema, not empty.

        Raises:
            ValueError: If the page of a column would be of 2 GiB or more.
        """
        done = 0
        while True:
            done = encode(address, self._columns, done, *self._scratch)
            if done == len(self._columns):
                return
            self._make_room(done)

    def _make_room(self, index: int) -> None:
        column = self._columns[index]
        lack, wanted, used = int(column["lack"]), int(column["wanted"]), int(column["used"])
        if lack - used > _MOST_BYTES:
            what = f"{lack - used:,} bytes of column '{self._names[index]}'"
            raise ValueError(f"Parquet: {what} do not fit a page; write smaller batches")
        if wanted > len(self._scratch[0]):
            self._make_scratch(wanted + wanted // 2)
        if lack > len(self._rooms[index]):
            room = np.zeros(lack + lack // 2, np.uint8)
            room[:used] = self._rooms[index][:used]
            self._rooms[index] = room
            column["room"], column["room_length"] = room.ctypes.data, len(room)

    def take(self) -> Iterator[tuple[memoryview, memoryview, Known]]:
        """Give each column's pages, its dictionary and what is known of it; they hold until `clear`."""
        start, dictionaries = self._memory.ctypes.data, self._memory.data
        for room, values in zip(self._rooms, self._columns[list(Known._fields)].tolist(), strict=True):
            known = Known(*values)
            place = known.entries - start
            yield room.data[: known.used], dictionaries[place : place + known.entries_used], known

    def clear(self) -> None:
        """Begin the next row group."""
        restart(self._columns)
