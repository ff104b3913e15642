"""Lines of separated fields -> columns of text.

In: whole lines as UTF-8, and how their fields stand. Out: tables whose columns are text, null where a field holds what
stands for nothing. Lines with another number of fields are skipped and counted; a line that cannot be read costs
itself and no other.
Source: RFC 4180 for quotes.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from pyarrow import csv

from redshank.flows.records.log_file import Count


def read_table(
    rows: bytes,
    separator: str,
    width: int,
    columns: Sequence[int],
    count: Count,
    *,
    nulls: Sequence[str] = ("",),
    quoted: bool = True,
    empty_quotes: bool = False,
) -> Iterator[pa.Table]:
    r"""Read some columns of separated lines, all as text.

    Args:
        rows: Whole lines, UTF-8.
        separator: One character.
        width: Fields of a line.
        columns: Which of them to read, from 0; a table's columns are named after these numbers.
        count: Called with the name of an anomaly and how many rows had it.
        nulls: What stands for an absent value.
        quoted: Whether fields may stand in double quotes.
        empty_quotes: Whether "" in quotes is a text without letters, and not an absent value.

    Example:
        >>> next(read_table(b"a,b,c\nd,e\n,h,i\n", ",", 3, [0, 2], print)).to_pydict()
        wrong_field_count 1
        {'0': ['a', None], '2': ['c', 'i']}
    """
    wrong = 0

    def skip(_: object) -> str:
        nonlocal wrong
        wrong += 1
        return "skip"

    quoted = quoted and b'"' in rows
    rows = _closed(rows, count) if quoted else rows
    if not rows.strip():
        return
    try:
        table = csv.read_csv(
            pa.BufferReader(rows),
            csv.ReadOptions(use_threads=False, column_names=[f"{i}" for i in range(width)], block_size=len(rows) + 1),
            csv.ParseOptions(
                delimiter=separator,
                quote_char='"' if quoted else False,
                double_quote=quoted,
                newlines_in_values=False,
                invalid_row_handler=skip,
            ),
            csv.ConvertOptions(
                check_utf8=False,
                column_types={f"{i}": pa.string() for i in columns},
                null_values=list(nulls),
                strings_can_be_null=True,
                quoted_strings_can_be_null=not empty_quotes,
                include_columns=[f"{i}" for i in columns],
            ),
        )
    except pa.ArrowInvalid:
        # One line spoils the whole stretch: halve until it is alone.
        middle = rows.find(b"\n", len(rows) // 2) + 1 or len(rows)
        if middle == len(rows):
            middle = rows.rfind(b"\n", 0, len(rows) // 2) + 1
        if middle == 0:
            count("line_unreadable", 1)
            return
        for half in (rows[:middle], rows[middle:]):
            yield from read_table(
                half, separator, width, columns, count, nulls=nulls, quoted=quoted, empty_quotes=empty_quotes
            )
    else:
        if wrong:
            count("wrong_field_count", wrong)
        yield table


def _closed(rows: bytes, count: Count) -> bytes:
    """Return the lines in which every quote is closed: an open one would take the lines behind it along."""
    letters = np.frombuffer(rows, np.uint8)
    ends = np.flatnonzero(letters == ord("\n"))
    quotes = np.diff(np.cumsum(letters == ord('"'))[np.append(ends, len(rows) - 1)], prepend=0)
    if not (quotes % 2).any():
        return rows
    closed = [line for line in rows.split(b"\n") if line.count(b'"') % 2 == 0]
    count("quote_not_closed", int((quotes % 2).sum()))
    return b"\n".join(closed)
