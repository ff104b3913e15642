"""Flows that were written before as a source of flows.

In: a file that `redshank flows` wrote, or one with columns of the same names: Parquet, Arrow IPC, CSV or JSON lines
(the last two plain or gzip); or a folder of Parquet files. Out: the same FLOW batches, value for value; a column that
the file does not have is null. A column that FLOW does not have is refused, since a misspelled one would be lost in
silence. Labels that somebody wrote beside the flows never enter FLOW; `labelled_batches` gives them beside it. The
verdicts in the archive of a service are left out: what a detector said is no label.
For a conn.log that `redshank flows --format zeek` wrote there is the source `zeek`.
Source: our own `flows/write.py`, which says how each format writes a value.
"""

import difflib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import ipc, parquet

from redshank.core.errors import ConfigError, SourceError
from redshank.core.schema import FLOW, JUDGED
from redshank.flows.records.columns import ROWS, flow_rows
from redshank.flows.records.conn_log import EMPTY, UNSET, unescape
from redshank.flows.records.csv_records import read_table
from redshank.flows.records.json_records import read_objects
from redshank.flows.records.log_file import Files, Piece, regular, utf8
from redshank.flows.records.record_source import Columns, PrintedTable

_KIND = "a table of flows; redshank flows -o FILE.parquet writes one"
_PARQUET, _ARROW = b"PAR1", b"ARROW1"
_BOM = b"\xef\xbb\xbf"
_SHOWN = 40
FILES = "*.parquet"
"""Of a folder; whoever writes one there gives it this name when it is whole."""
LABELS = pa.schema([("family", pa.string()), ("capture", pa.string())])
"""What each flow was, and where it was recorded."""
_KNOWN = (*FLOW.names, *LABELS.names)
# Text first: columns.py reads numbers and times from it, exactly.
_OBJECT = pa.schema(
    [(field.name, pa.list_(pa.string()) if pa.types.is_list(field.type) else pa.string()) for field in (*FLOW, *LABELS)]
)


class Table(PrintedTable):
    """Flows of a file with FLOW's columns, or of a folder of such files.

    Args:
        path: Parquet, Arrow IPC, CSV with a header line, or JSON lines; told by its content. Of a folder the files
            whose names end in .parquet are read, in the order of their names.

    Raises:
        ConfigError: If `path` does not exist, or is a folder without such files.
        SourceError: If the file has a column that FLOW does not have, lacks the addresses, or cannot be read.
    """

    STAGE = "table"
    WANTED = "a table of flows, for example one of redshank flows -o"

    def __init__(self, path: Path) -> None:
        self._files = sorted(path.glob(FILES)) if path.is_dir() else [path]
        if not self._files:
            raise ConfigError(f"{path}: a folder without {FILES}; name {self.WANTED}, or the archive of a service")
        super().__init__(self._files[0])

    def _tables(self) -> Iterator[tuple[Columns, int]]:
        for path in self._files:
            self._path = path  # named where something is wrong with it
            yield from self._of_file()

    def _of_file(self) -> Iterator[tuple[Columns, int]]:
        magic = b""
        if regular(self._path):
            with self._path.open("rb") as stream:
                magic = stream.read(len(_ARROW))
        try:
            if magic.startswith(_PARQUET):
                yield from self._parquet()
            elif magic == _ARROW:
                yield from self._arrow()
            else:
                yield from self._lines()
        except (pa.ArrowException, OSError) as error:
            reason = str(error).partition("\n")[0].partition(". ")[0]
            raise SourceError(f"{self._path}: cannot be read as {_KIND} ({reason})") from None

    def labelled_batches(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """Give the file's flows, each with its `family` and `capture` beside it; null where the file has none.

        Raises:
            SourceError: If the file is not what the source reads, or cannot be read.
        """
        self.anomalies.clear()
        before = 0
        for columns, rows in self._tables():
            labels = [columns.pop(name, pa.nulls(rows, pa.string())) for name in LABELS.names]
            flows, kept = flow_rows(columns, rows, before, self._count)
            yield flows, pa.RecordBatch.from_arrays(labels, schema=LABELS).filter(kept)
            before += rows

    def _flows(self, columns: Columns, rows: int, before: int) -> Iterator[pa.RecordBatch]:
        flows, _ = flow_rows({n: c for n, c in columns.items() if n not in LABELS.names}, rows, before, self._count)
        yield flows

    def _parquet(self) -> Iterator[tuple[Columns, int]]:
        with parquet.ParquetFile(self._path) as file:
            names = file.schema_arrow.names
            if set(JUDGED) <= set(names):  # of an archive; its family is what a detector said, no label
                names = [name for name in names if name not in JUDGED]
            self._check(names)
            for batch in file.iter_batches(batch_size=ROWS, columns=names, use_threads=False):
                yield self._typed(batch), batch.num_rows

    def _arrow(self) -> Iterator[tuple[Columns, int]]:
        with pa.memory_map(str(self._path)) as mapped, ipc.open_file(mapped) as file:
            self._check(file.schema.names)
            for number in range(file.num_record_batches):
                batch = file.get_batch(number)
                for at in range(0, batch.num_rows, ROWS):
                    some = batch.slice(at, ROWS)
                    yield self._typed(some), some.num_rows

    def _typed(self, batch: pa.RecordBatch) -> Columns:
        columns = {}
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            wanted = _kind(name)
            try:
                columns[name] = column if column.type == wanted else column.cast(wanted)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                raise SourceError(f"{self._path}: column '{name}' is {column.type}, FLOW has {wanted}") from None
        return columns

    def _lines(self) -> Iterator[tuple[Columns, int]]:
        with closing(Files([self._path], self._count)) as lines:
            piece = lines.read()
            if piece is None or not piece.rows.removeprefix(_BOM).strip():
                raise SourceError(f"{self._path}: empty, not even a header; not {_KIND}")
            begin = piece.rows.removeprefix(_BOM)
            header: list[str] = []
            if not begin.lstrip().startswith(b"{"):
                line, _, begin = begin.lstrip(b"\r\n").partition(b"\n")
                header = [name.strip(' "\r') for name in line.decode("utf-8", "backslashreplace").split(",")]
                if not set(header) & set(FLOW.names):
                    raise SourceError(f"{self._path}: not {_KIND}; it starts with {line[:_SHOWN]!r}")
                self._check(header)
            rest: Piece | None = Piece(begin, piece.first, piece.where)
            while rest is not None:
                rows = utf8(rest.rows, self._count)
                tables = self._objects(rows, first=rest.first) if not header else self._cells(rows, header)
                for table in tables:
                    for batch in table.to_batches(max_chunksize=ROWS):
                        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
                        yield {name: _valued(name, column) for name, column in columns.items()}, batch.num_rows
                rest = lines.read()

    def _objects(self, rows: bytes, *, first: bool) -> Iterator[pa.Table]:
        broken = self.anomalies.get((self.STAGE, "broken_json"), 0)
        seen = 0
        for table in read_objects(rows, _OBJECT, self._count, infer=True):
            seen += len(table)
            present = [name for name in table.schema.names if table.column(name).null_count < len(table)]
            self._check(present, whole=first)
            unknown = [name for name in table.schema.names if name not in _KNOWN]
            yield table.drop_columns(unknown) if unknown else table
        if first and not seen and self.anomalies.get((self.STAGE, "broken_json"), 0) > broken:
            raise SourceError(f"{self._path}: not {_KIND}; it starts with {rows.lstrip()[:_SHOWN]!r}")

    def _cells(self, rows: bytes, header: list[str]) -> Iterator[pa.Table]:
        places = list(range(len(header)))
        for table in read_table(rows, ",", len(header), places, self._count, empty_quotes=True):
            columns = []
            for name, column in zip(header, table.columns, strict=True):
                text = column.combine_chunks()
                kind = _kind(name)
                if pa.types.is_list(kind):
                    text = _members(text)
                elif pa.types.is_string(kind):
                    text = pc.if_else(pc.equal(text, EMPTY), "", unescape(text))
                columns.append(text)
            yield pa.table(columns, names=header)

    def _check(self, names: list[str], *, whole: bool = True) -> None:
        """Refuse unknown columns; where all of them are named, also missing addresses."""
        for name in names:
            if name not in _KNOWN:
                near = difflib.get_close_matches(name, _KNOWN, n=3)
                hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "rename or remove it;"
                raise SourceError(
                    f"{self._path}: {name[:_SHOWN]!r} is no column of FLOW; {hint} docs/reference/records.md lists them"
                )
            if names.count(name) > 1:
                raise SourceError(f"{self._path}: column '{name}' comes {names.count(name)} times; keep one")
        for name in ("src_ip", "dst_ip") if whole else ():
            if name not in names:
                raise SourceError(f"{self._path}: not {_KIND}; it lacks '{name}'")


def _kind(name: str) -> pa.DataType:
    return (LABELS if name in LABELS.names else FLOW).field(name).type


def _members(text: pa.StringArray) -> pa.ListArray:
    """Return the members of lists as write.py joins them."""
    split = pc.if_else(pc.equal(text, ""), pa.scalar([], pa.list_(pa.string())), pc.split_pattern(text, ";"))
    members = split.flatten()
    members = pc.if_else(pc.equal(members, UNSET), pa.scalar(None, pa.string()), members)
    return pa.ListArray.from_arrays(split.offsets, members, mask=split.is_null())


def _valued(name: str, column: pa.Array) -> pa.Array:
    """Return a list column with numbers in place of text; others stay."""
    kind = _kind(name)
    return column.cast(kind) if pa.types.is_list(kind) else column
