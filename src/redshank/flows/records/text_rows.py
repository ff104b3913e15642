r"""Record batches -> lines of text: JSON objects, rows of CSV, or rows of a log as Zeek writes it.

In: batches of one schema. Out: the bytes of whole lines, about half a mebibyte at a time. One kernel walks over Arrow's
own buffers row by row and writes every value where it belongs, so that neither a Python object nor an Arrow array
exists for a text. The same rows give the same bytes, however they are batched.
Text from the wire is inert: JSON escapes what is not printable ASCII, the others write `\xNN`, byte by byte, as Zeek.
Absent values, floats that are no numbers among them, are left out of an object, are empty in CSV, and `-` in a log. In
CSV a text without letters is `""`. A list is an array in JSON and `a;b;c` in CSV: there `-` is an absent member,
`(empty)` one without letters, and `""` a list without members.
Source: RFC 8259 (JSON), RFC 4180 (CSV), https://docs.zeek.org/en/master/log-formats.html;
https://arrow.apache.org/docs/format/Columnar.html
"""

from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.machine import copy
from redshank.flows.records.cells import (
    COLUMN,
    CSV,
    JSON,
    LOG,
    SECONDS,
    STEP,
    TEXT,
    is_list_there,
    is_there,
    mark_plain,
    place_of,
    put_absent,
    put_list,
    put_value,
)
from redshank.flows.records.conn_log import UNSET
from redshank.flows.records.decimals import INTERVAL, WIDEST

Bytes = npt.NDArray[np.uint8]


class TextRows:
    r"""Writes batches as lines of one form.

    Args:
        form: JSON, CSV or LOG.
        intervals: Columns of seconds that a log writes with six decimals.
        room: Bytes of text that are held; more where a single row takes more.

    Example:
        >>> batch = pa.record_batch({"uid": ["C1", None], "bytes": pa.array([7, 8])})
        >>> b"".join(TextRows(JSON).blocks(batch))
        b'{"uid":"C1","bytes":7}\n{"bytes":8}\n'
    """

    def __init__(self, form: int, intervals: Collection[str] = (), room: int = 1 << 19) -> None:
        self._form = form
        self._intervals = intervals
        self._out = np.empty(room, np.uint8)

    def blocks(self, batch: pa.RecordBatch) -> Iterator[memoryview]:
        """Give the lines of a batch; each block holds until the next is asked for.

        Raises:
            KeyError: If a column is of a type that no line has.
        """
        columns, between, tail, widest = self._laid_out(batch)
        reached = np.zeros(1, np.int64)
        while reached[0] < len(batch):
            size = _put_rows(columns, between, tail, self._form, widest, len(batch), reached, self._out)
            if size:
                yield self._out[:size].data
            else:
                self._out = np.empty(2 * len(self._out), np.uint8)

    def _laid_out(self, batch: pa.RecordBatch) -> tuple[npt.NDArray[Any], Bytes, int, int]:
        """Return where the columns lie, what stands before values, where in it a line's end is, and the longest row.

        The longest: if texts and lists were empty.
        """
        rows, all_keys, key, widest = [], b"", b"", 0
        for number, (name, values) in enumerate(zip(batch.schema.names, batch.columns, strict=True)):
            if self._form == JSON:
                key = b',"%b":' % name.encode()
            elif number:
                key += b"," if self._form == CSV else b"\t"
            if values.null_count == len(values):
                key += UNSET.encode() if self._form == LOG else b""
                continue
            column = place_of(values) | {"key": len(all_keys), "key_end": len(all_keys) + len(key)}
            if name in self._intervals:
                column["kind"] = SECONDS
            widest += INTERVAL if name in self._intervals else WIDEST
            rows.append(tuple(column.get(field, 0) for field in COLUMN.names or ()))
            all_keys += key
            key = b""
        tail = b"}\n" if self._form == JSON else key + b"\n"
        between = np.frombuffer(bytearray(all_keys + tail + bytes(STEP)), np.uint8)
        return np.array(rows, COLUMN), between, len(all_keys), widest + len(between)


@lean_kernel
def _put_rows(
    columns: npt.NDArray[Any],
    between: Bytes,
    tail: int,
    form: int,
    widest: int,
    rows: int,
    reached: npt.NDArray[np.int64],
    out: Bytes,
) -> int:
    """Write rows from `reached` on while there is room; return where the text ends."""
    if reached[0] == 0:
        for number in range(len(columns)):
            if columns[number].kind == TEXT and not columns[number].listed:
                mark_plain(columns[number], rows, form)
    at = 0
    while reached[0] < rows:
        end = _put_row(columns, between, tail, form, widest, reached[0], out, at)
        if end < 0:
            break
        at = end
        reached[0] += 1
    return at


@lean_kernel
def _put_row(
    columns: npt.NDArray[Any], between: Bytes, tail: int, form: int, widest: int, row: int, out: Bytes, at: int
) -> int:
    """Write a row; return where it ends, or -1 without room."""
    begin = at
    if at + widest > len(out):
        return -1
    for number in range(len(columns)):
        column = columns[number]
        place = row + (column.list_first if column.listed else column.first)
        there = is_list_there(column, place) if column.listed else is_there(column, place)
        if there or form != JSON:
            for n in range(column.key, column.key_end, STEP):
                copy(out, at + n - column.key, between, n, STEP)  # what is too much is written over
            at += column.key_end - column.key
        if not there:
            at = put_absent(out, at) if form == LOG else at
        elif column.listed:
            at = put_list(column, place, form, widest, out, at)
        else:
            at = put_value(column, place, form, widest, out, at)
        if at < 0:
            return -1
    if form == JSON:
        out[begin] = 123  # in place of the first comma
        at += at == begin
    for n in range(tail, len(between) - STEP):
        out[at] = between[n]
        at += 1
    return at
