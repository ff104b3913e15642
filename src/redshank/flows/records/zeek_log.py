"""One of Zeek's logs, in any of its forms -> columns of text.

In: pieces of whole lines of a log, finished or growing, as Zeek writes it (tab-separated with its header, or JSON
lines), or of a table exported from one. Out: by our name a column of text, some thousand rows at a time. The layout is
told by the beginning of each file; `#` lines inside it hold from there on.
Source: https://docs.zeek.org/en/master/log-formats.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from redshank.flows.records.columns import ROWS
from redshank.flows.records.conn_log import EMPTY, UNSET, unescape
from redshank.flows.records.csv_records import read_table
from redshank.flows.records.json_records import read_objects
from redshank.flows.records.layout import LOG, Layout, has_begun, recognize
from redshank.flows.records.log_file import Count, Log, Piece, utf8

Texts: TypeAlias = dict[str, pa.StringArray]

_COMMENT = re.compile(rb"^#[^\n]*\n?", re.MULTILINE)
_LISTS = {"tunnel_parents", "orig_mime_types", "resp_mime_types", "cert_chain_fps", "cert_chain_fuids"}
_PATH = "_path"


class ZeekLog:
    """Reads one of Zeek's logs.

    Args:
        lines: Where its lines come from.
        name: Zeek's name of the log: conn, dns, ...
        names: Our name by the log's name of a column.
        count: Called with the name of an anomaly and how often it occurred.
        needs: For another log than conn, a column that it must have.
        grows: Whether the header may not be there as a whole yet.
    """

    def __init__(
        self,
        lines: Log,
        name: str,
        names: Mapping[str, str],
        count: Count,
        *,
        needs: str = "uid",
        grows: bool = False,
    ) -> None:
        self._lines = lines
        self._name = name
        self._names = names
        self._count = count
        self._needs = needs
        self._grows = grows
        self._layout = Layout("tsv")
        self._header = b""
        self._schema = pa.schema(
            [(_PATH, pa.string())]
            + [(name, pa.list_(pa.string()) if name in _LISTS else pa.string()) for name in names]
        )

    def read(self) -> list[tuple[Texts, int]] | None:
        """Return the next rows, by our name as text; None if there is nothing, or nothing new.

        Raises:
            SourceError: If a file is not this log, or cannot be read.
        """
        piece = self._lines.read()
        return None if piece is None else self.rows(piece)

    def rows(self, piece: Piece) -> list[tuple[Texts, int]]:
        """Return the rows of a piece, as `read`.

        Raises:
            SourceError: If it begins a file that is not this log.
        """
        rows = piece.rows
        if piece.first and not rows.strip() and (self._grows or self._name != LOG):
            return []  # nothing was logged
        if piece.first or self._header:
            rows = rows if piece.first else self._header + rows
            self._header = b""
            if self._grows and not has_begun(rows):
                self._header = rows
                return []
            self._layout, at = recognize(rows, piece.where, self._name, self._needs)
            rows = rows[at:]
        found: list[tuple[Texts, int]] = []
        for layout, part in _parts(self._layout, rows):
            self._layout = layout
            if part.strip():
                found += self._texts(layout, utf8(part, self._count))
        return found

    def _texts(self, layout: Layout, rows: bytes) -> Iterator[tuple[Texts, int]]:
        if layout.form == "json":
            for table in read_objects(rows, self._schema, self._count):
                for batch in table.to_batches(max_chunksize=ROWS):
                    yield from self._objects(batch)
        elif layout.path not in {None, self._name}:
            self._count("row_of_other_log", rows.count(b"\n"))
        else:
            columns = layout.columns(self._names)
            tables = read_table(
                rows,
                layout.separator,
                len(layout.fields),
                sorted(set(columns.values())),
                self._count,
                nulls=("", layout.unset, layout.empty),
                quoted=layout.form == "table",
            )
            for table in tables:
                for batch in table.to_batches(max_chunksize=ROWS):
                    texts = {name: batch.column(f"{i}") for name, i in columns.items()}
                    if layout.form == "tsv" and b"\\" in rows:
                        texts = {name: unescape(text) for name, text in texts.items()}
                    yield texts, batch.num_rows

    def _objects(self, batch: pa.RecordBatch) -> Iterator[tuple[Texts, int]]:
        path = batch.column(_PATH)
        other = pc.fill_null(pc.not_equal(path, self._name), fill_value=False)
        if (others := pc.sum(other, min_count=0).as_py()) > 0:
            self._count("row_of_other_log", others)
            batch = batch.filter(pc.invert(other))
        texts: Texts = {}
        for name, ours in self._names.items():
            text = batch.column(name)
            if text.null_count == len(text):
                continue
            if pa.types.is_list(text.type):
                text = pc.binary_join(text, ",")
            nothing = pc.is_in(text, pa.array(["", UNSET, EMPTY]))
            text = pc.if_else(nothing, pa.scalar(None, pa.string()), text)
            texts[ours] = pc.coalesce(texts[ours], text) if ours in texts else text
        if batch.num_rows:
            yield texts, batch.num_rows


def _parts(layout: Layout, chunk: bytes) -> Iterator[tuple[Layout, bytes]]:
    """Give the rows between the `#` lines of a chunk, each stretch with the layout that holds for it."""
    rows = []
    at = 0
    if layout.form == "tsv" and (chunk.startswith(b"#") or b"\n#" in chunk):
        for found in _COMMENT.finditer(chunk):
            rows.append(chunk[at : found.start()])
            at = found.end()
            told = layout.told(found[0])
            if told != layout:
                yield layout, b"".join(rows)
                layout, rows = told, []
    rows.append(chunk[at:])
    yield layout, b"".join(rows)
