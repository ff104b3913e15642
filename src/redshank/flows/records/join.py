"""What waits for its flow: the first record of each key, in bounded memory, whatever length its texts have.

In: records of applications, each with the key of its flow, in the order in which they were written. Out: for a column
of keys, the records that were waiting for them. An application's record is written while its flow still goes on, so it
comes first and waits. When more keys wait than there is room for, the oldest go; the caller counts them.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

CAPACITY = 262_144
"""Keys that wait at once."""
MOST_BYTES = 32 * 2**20
"""What they and their records take at most."""


class Waiting:
    """Records that wait for their flows.

    Args:
        schema: Columns of a record.
        capacity: Keys that wait at once.
        most_bytes: Bytes of what waits at once.

    Example:
        >>> waiting = Waiting(pa.schema([("query", pa.string())]))
        >>> records = pa.record_batch({"query": ["a.example", "b.example", "c.example"]})
        >>> waiting.add(pa.array(["C1", "C2", "C1"]), records)
        0
        >>> waiting.take(pa.array(["C9", "C1"])).to_pylist(), len(waiting)
        ([{'query': None}, {'query': 'a.example'}], 1)
    """

    def __init__(self, schema: pa.Schema, capacity: int = CAPACITY, most_bytes: int = MOST_BYTES) -> None:
        self._schema = schema
        self._capacity, self._most_bytes = capacity, most_bytes
        self._sizes = np.zeros(0, np.int64)
        """Bytes of each key and its record."""
        self._keys = pa.array([], pa.string())
        self._records = schema.empty_table()

    def __len__(self) -> int:
        """Return how many keys wait."""
        return len(self._keys)

    def add(self, keys: pa.StringArray, records: pa.RecordBatch) -> int:
        """Let records wait; of several with one key the first stays. A record without key waits for nothing.

        Returns:
            How many keys went because there was no room.
        """
        new = _first(keys)
        if len(self._keys):
            known = pc.is_in(keys.take(pa.array(new)), self._keys).to_numpy(zero_copy_only=False)
            new = new[~known]
        if not len(new):
            return 0
        rows = pa.array(new)
        keys, records = keys.take(rows), records.take(rows)
        self._sizes = np.concatenate([self._sizes, _sizes([keys, *records.columns])])
        self._keys = pa.concat_arrays([self._keys, keys])
        self._records = pa.concat_tables([self._records, pa.Table.from_batches([records])])
        over = max(0, len(self._keys) - self._capacity)
        if self._sizes.sum() > self._most_bytes:
            room = np.searchsorted(np.cumsum(self._sizes[::-1]), self._most_bytes, side="right")
            over = max(over, len(self._keys) - int(room))
        if over:
            self._keep(np.arange(len(self._keys)) >= over)
        return over

    def take(self, keys: pa.StringArray, *, keep: bool = False) -> pa.Table:
        """Return the record of each key, all null where none waits; they wait no longer unless kept."""
        if not len(self._keys):
            return self.none(len(keys))
        found = pc.index_in(keys, self._keys)
        records = self._records.take(found)
        if found.null_count < len(found) and not keep:
            stays = np.ones(len(self._keys), np.bool_)
            stays[found.drop_null().to_numpy()] = False
            self._keep(stays)
        return records

    def none(self, rows: int) -> pa.Table:
        """Return so many records that say nothing."""
        return pa.table([pa.nulls(rows, field.type) for field in self._schema], schema=self._schema)

    def has(self, keys: pa.StringArray) -> pa.BooleanArray:
        """Return which keys have a record waiting."""
        return pc.is_in(keys, self._keys) if len(self._keys) else pa.array([False] * len(keys), pa.bool_())

    def _keep(self, stays: npt.NDArray[np.bool_]) -> None:
        mask = pa.array(stays)
        self._sizes, self._keys = self._sizes[stays], self._keys.filter(mask)
        self._records = self._records.filter(mask).combine_chunks()


def _sizes(columns: Sequence[pa.Array]) -> npt.NDArray[np.int64]:
    """Return about how many bytes each row takes."""
    sizes = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        sizes += 8
        if pa.types.is_string(column.type):
            sizes += pc.binary_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    return sizes


def _first(keys: pa.StringArray) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return where each key stands for the first time, in order; not where there is none."""
    encoded = keys.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False)
    values, places = np.unique(encoded, return_index=True)
    return np.sort(places[values >= 0]).astype(np.int64)


def merged(batch: pa.RecordBatch, records: pa.Table) -> pa.RecordBatch:
    """Fill columns of a batch from records of the same names, where the batch has nothing.

    Args:
        batch: FLOW rows.
        records: [the same rows], any of the batch's columns.
    """
    columns = dict(zip(batch.schema.names, batch.columns, strict=True))
    for name in records.schema.names:
        column = records.column(name)
        if name in columns and column.null_count < len(column):
            filled = column.combine_chunks()
            filled = filled if isinstance(filled, pa.Array) else pa.concat_arrays(filled.chunks)
            columns[name] = filled if columns[name].null_count == len(batch) else pc.coalesce(columns[name], filled)
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=batch.schema)
