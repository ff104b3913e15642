r"""A table with a header line -> columns of text by our names.

In: files of separated lines, the names their header may use, plain or gzip. Out: by our name a column of text, some
thousand rows at a time; or a SourceError that says what a file has instead. Separators are the comma, the semicolon and
the tab; names are told without regard to capitals.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.errors import SourceError
from redshank.flows.records.columns import ROWS
from redshank.flows.records.csv_records import read_table
from redshank.flows.records.log_file import Count, Log, utf8

_BOM = b"\xef\xbb\xbf"
_SHOWN = 40
_BLANKS = np.frombuffer(b" \t\n\f\r", np.uint8)


class CsvLog:
    """Reads tables that begin with a header.

    Args:
        lines: Where the lines come from.
        names: Our name by the header's, in small letters; of two that mean the same the first in the header wins.
        needs: Our names that a table must have; of an inner tuple one is enough.
        kind: What the table should be, and how to make one, for the message: "a table of Argus; write one with ...".
        count: Called with the name of an anomaly and how often it occurred.
        blank: Texts that stand for an absent value, besides the empty one.
    """

    def __init__(
        self,
        lines: Log,
        names: Mapping[str, str],
        needs: Iterable[tuple[str, ...]],
        kind: str,
        count: Count,
        blank: tuple[str, ...] = (),
    ) -> None:
        self._lines = lines
        self._names = names
        self._needs = list(needs)
        self._kind = kind
        self._count = count
        self._nulls = ("", *blank)
        self._separator = ","
        self._width = 0
        self.header: tuple[str, ...] = ()
        """Names in the header of the file that is read."""
        self.columns: dict[str, int] = {}
        """By our name, which field of a line it is."""

    def tables(self) -> Iterator[tuple[dict[str, pa.StringArray], int]]:
        """Give the rows, some thousand at a time, by our name as text without blanks around it.

        Raises:
            SourceError: If a file is no such table, or cannot be read.
        """
        while (piece := self._lines.read()) is not None:
            rows = self._begin(piece.rows.removeprefix(_BOM), piece.where) if piece.first else piece.rows
            places = sorted(set(self.columns.values()))
            for table in read_table(
                utf8(rows, self._count), self._separator, self._width, places, self._count, nulls=self._nulls
            ):
                for batch in table.to_batches(max_chunksize=ROWS):
                    texts = {name: self._trimmed(batch.column(f"{i}")) for name, i in self.columns.items()}
                    yield texts, batch.num_rows

    def _begin(self, rows: bytes, where: str) -> bytes:
        line, _, rest = rows.lstrip(b"\r\n").partition(b"\n")
        if not line.strip():
            raise SourceError(f"{where}: empty, not even a header; not {self._kind}")
        text = line.decode("utf-8", "backslashreplace").strip("\r\n")
        self._separator = max(",;\t", key=text.count)
        self.header = tuple(name.strip(' "') for name in text.split(self._separator))
        self._width = len(self.header)
        self.columns = {}
        for place, name in enumerate(self.header):
            ours = self._names.get(name.lower())
            if ours is not None:
                self.columns.setdefault(ours, place)
        if not self.columns:
            raise SourceError(f"{where}: not {self._kind}; it starts with {line[:_SHOWN]!r}")
        for need in self._needs:
            if not set(need) & set(self.columns):
                raise SourceError(f"{where}: not {self._kind}; it lacks {_spelled(need, self._names)}")
        return rest

    def _trimmed(self, text: pa.StringArray) -> pa.StringArray:
        _, ends, letters = text.buffers()
        stops = np.frombuffer(ends, np.int32)[text.offset : text.offset + len(text) + 1]
        written = np.diff(stops) > 0
        both = np.concatenate([stops[:-1][written], stops[1:][written] - 1])
        if not np.isin(np.frombuffer(letters or b"", np.uint8)[both], _BLANKS).any():
            return text
        text = pc.utf8_trim_whitespace(text)
        return pc.if_else(pc.is_in(text, pa.array(self._nulls)), pa.scalar(None, pa.string()), text)


def _spelled(needs: tuple[str, ...], names: Mapping[str, str]) -> str:
    return " or ".join(repr(next(theirs for theirs, ours in names.items() if ours == need)) for need in needs)
