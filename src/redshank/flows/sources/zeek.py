"""Zeek's conn.log as a source of flows.

In: a conn.log as Zeek writes it (tab-separated with its header, or JSON lines), a table exported from one, plain or
gzip; or a folder of rotated ones. Out: FLOW batches; every row is final, since a log holds finished connections.
The one idea: all forms become columns of text, and `flows/columns.py` reads those. A stretch of the file of bounded
size is in memory at a time. Labels that published logs carry never enter FLOW; `labelled_batches` gives them beside it.
Source: https://docs.zeek.org/en/master/logs/conn.html; labels as in IoT-23 (Garcia, Parmisano and Erquiaga 2020).
"""

import gzip
import itertools
import json
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, TypeAlias, cast

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from redshank.core.errors import ConfigError, SourceError
from redshank.flows.columns import ROWS, flow_rows
from redshank.flows.conn_log import EMPTY, FLOW_NAMES, LABEL_NAMES, UNSET, unescape
from redshank.flows.layout import LOG, Layout, recognize
from redshank.flows.source import FlowSource

CHUNK = 1 << 20
"""Bytes read at a time; also the longest line that is read."""

STAGE = "zeek"
LABELS = pa.schema([("label", pa.string()), ("detailed_label", pa.string())])

_GZIP = b"\x1f\x8b"
_ROTATED = re.compile(r"conn\.(?:.+\.)?log(?:\.gz)?")
_COMMENT = re.compile(rb"^#[^\n]*\n?", re.MULTILINE)
# A label as a field of its own, or as IoT-23 has it, behind tunnel_parents with three blanks between.
_LABEL = r"^(?:\S+ {3})?(?P<label>.+?)(?: {3}(?P<detailed_label>.+))?$"
# Numbers stay text: a time must not pass through a float.
_JSON = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)

Texts: TypeAlias = dict[str, pa.StringArray]


class Zeek(FlowSource):
    """Connections that Zeek logged.

    Wrong for connections that are still open: a conn.log has one row for each, written at its end.

    Args:
        path: A conn.log, or a folder that holds `conn.log`, `conn.*.log` and the same with `.gz`; those are read in
            the order of their names, which is the order of time as Zeek rotates them, `conn.log` last.

    Raises:
        ConfigError: If `path` does not exist, or is a folder without such a log.
        SourceError: If a file is not a conn.log, or cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.anomalies = {}
        self.packets = 0
        self.packet_bytes = 0
        self._files = _files(path)
        self._rows = 0
        for file in self._files:
            if file.is_file():  # a pipe can be read only once
                with _opened(file) as stream:
                    self._start(self._chunks(stream), file)
        self.anomalies.clear()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Give the log's rows; each call reads from the beginning.

        Raises:
            SourceError: If a file is not a conn.log, or cannot be read.
        """
        for flows, _ in self.labelled_batches():
            yield flows

    def labelled_batches(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        """Give the log's rows, each with its `label` and `detailed_label` beside it; null where the log has none.

        Raises:
            SourceError: If a file is not a conn.log, or cannot be read.
        """
        self.anomalies.clear()
        self._rows = 0
        for file in self._files:
            with _opened(file) as stream:
                chunks = self._chunks(stream)
                layout, rows = self._start(chunks, file)
                for chunk in itertools.chain([rows], chunks):
                    for layout, part in _parts(layout, chunk):  # noqa: B020  a header inside the log holds from there on
                        for texts, count in self._texts(layout, part):
                            labels = _labels(texts, count)
                            flows, kept = flow_rows(texts, count, self._rows, self._count)
                            self._rows += count
                            if flows.num_rows:
                                yield flows, labels if flows.num_rows == count else labels.filter(kept)

    def _count(self, name: str, amount: int = 1) -> None:
        if amount:
            self.anomalies[STAGE, name] = self.anomalies.get((STAGE, name), 0) + amount

    def _start(self, chunks: Iterator[bytes], file: Path) -> tuple[Layout, bytes]:
        first = next(chunks, b"")
        if not first and self.anomalies:
            raise SourceError(f"{file}: damaged gzip, nothing in it can be read")
        layout, at = recognize(first, str(file))
        return layout, first[at:]

    def _chunks(self, stream: BufferedReader) -> Iterator[bytes]:
        """Give whole lines, about CHUNK bytes of them at a time."""
        rest = b""
        skipping = started = False
        for block in self._blocks(stream):
            cut = block.rfind(b"\n") + 1
            if skipping:
                begin = block.find(b"\n") + 1
                if begin:
                    skipping, rest = False, block[cut:]
                    yield block[begin:cut]
            elif cut or len(rest) + len(block) < CHUNK:
                if cut:
                    yield rest + block[:cut]
                    rest = b""
                rest += block[cut:]
            elif started:
                self._count("line_too_long")
                skipping, rest = True, b""
            else:
                yield rest + block
                rest = b""
            started = True
        if rest:
            yield rest

    def _blocks(self, stream: BufferedReader) -> Iterator[bytes]:
        ended = False
        while not ended:
            pieces: list[bytes] = []
            size = 0
            try:
                while size < CHUNK and not ended:
                    pieces.append(stream.read1(CHUNK - size))
                    size += len(pieces[-1])
                    ended = not pieces[-1]
            except EOFError:
                self._count("gzip_truncated")
                ended = True
            except (zlib.error, gzip.BadGzipFile):
                self._count("gzip_damaged")
                ended = True
            if size:
                yield b"".join(pieces)

    def _texts(self, layout: Layout, rows: bytes) -> Iterator[tuple[Texts, int]]:
        if not rows.strip():
            return
        rows = self._text(rows)
        if layout.form == "json":
            yield from self._objects(rows.split(b"\n"))
        elif layout.path not in {None, LOG}:
            self._count("row_of_other_log", rows.count(b"\n"))
        else:
            columns = {**layout.columns(), **layout.labels()}
            for table in self._tables(layout, rows, sorted(set(columns.values()))):
                for batch in table.to_batches(max_chunksize=ROWS):
                    texts = {name: batch.column(f"{i}") for name, i in columns.items()}
                    if layout.form == "tsv" and b"\\" in rows:
                        texts = {name: unescape(text) for name, text in texts.items()}
                    yield texts, batch.num_rows

    def _tables(self, layout: Layout, rows: bytes, columns: list[int]) -> Iterator[pa.Table]:
        wrong = 0

        def skip(_: object) -> str:
            nonlocal wrong
            wrong += 1
            return "skip"

        quote = '"' if layout.form == "table" else False
        try:
            table = csv.read_csv(
                pa.BufferReader(rows),
                csv.ReadOptions(
                    use_threads=False,
                    column_names=[f"{i}" for i in range(len(layout.fields))],
                    block_size=len(rows) + 1,
                ),
                csv.ParseOptions(
                    delimiter=layout.separator,
                    quote_char=quote,
                    double_quote=bool(quote),
                    newlines_in_values=False,
                    invalid_row_handler=skip,
                ),
                csv.ConvertOptions(
                    check_utf8=False,
                    column_types={f"{i}": pa.string() for i in columns},
                    null_values=["", layout.unset, layout.empty],
                    strings_can_be_null=True,
                    include_columns=[f"{i}" for i in columns],
                ),
            )
        except pa.ArrowInvalid:
            # One line spoils the whole stretch: halve until it is alone.
            middle = rows.find(b"\n", len(rows) // 2) + 1 or len(rows)
            if middle == len(rows):
                middle = rows.rfind(b"\n", 0, len(rows) // 2) + 1
            if middle == 0:
                self._count("line_unreadable")
                return
            yield from self._tables(layout, rows[:middle], columns)
            yield from self._tables(layout, rows[middle:], columns)
        else:
            self._count("wrong_field_count", wrong)
            yield table

    def _text(self, rows: bytes) -> bytes:
        """Return `rows` as valid UTF-8."""
        try:
            if not rows.isascii():
                rows.decode("utf-8")
        except UnicodeDecodeError:
            clean = [line.decode("utf-8", "replace").encode() for line in rows.split(b"\n")]
            self._count("not_utf8", sum(a != b for a, b in zip(clean, rows.split(b"\n"), strict=True)))
            return b"\n".join(clean)
        return rows

    def _objects(self, lines: list[bytes]) -> Iterator[tuple[Texts, int]]:
        for start in range(0, len(lines), ROWS):
            rows = [row for line in lines[start : start + ROWS] if line.strip() and (row := self._object(line))]
            columns: dict[str, list[str | None]] = {}
            for i, row in enumerate(rows):
                for key, value in row.items():
                    name = FLOW_NAMES.get(key) or LABEL_NAMES.get(key)
                    if name is not None and (text := self._json_text(value)) is not None:
                        if name not in columns:
                            columns[name] = [None] * len(rows)
                        columns[name][i] = text
            if rows:
                yield {name: pa.array(values, pa.string()) for name, values in columns.items()}, len(rows)

    def _object(self, line: bytes) -> dict[str, Any] | None:
        try:
            row = _JSON.decode(line.decode())
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            self._count("broken_json")
            return None
        if row.get("_path", LOG) != LOG:
            self._count("row_of_other_log")
            return None
        return row

    def _json_text(self, value: object) -> str | None:
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = ",".join(value)
        if isinstance(value, str):
            text = value if value.isascii() else value.encode("utf-8", "replace").decode()
            return None if text in {"", UNSET, EMPTY} else text
        if isinstance(value, bool):
            return "T" if value else "F"
        if value is not None:
            self._count("nested_value")
        return None


def _files(path: Path) -> list[Path]:
    if not path.exists():
        raise ConfigError(f"{path}: no such file or folder; name a conn.log of Zeek, or the folder that holds it")
    if not path.is_dir():
        return [path]
    found: dict[str, Path] = {}
    for file in sorted(path.iterdir()):
        if _ROTATED.fullmatch(file.name) and file.is_file():
            found.setdefault(file.name.removesuffix(".gz"), file)
    if not found:
        raise ConfigError(f"{path}: a folder without conn.log, conn.log.gz or conn.*.log.gz; name the folder of a log")
    return [found[name] for name in sorted(found, key=lambda name: (name == "conn.log", name))]


@contextmanager
def _opened(file: Path) -> Iterator[BufferedReader]:
    try:
        with file.open("rb") as raw:
            packed = raw.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
            yield cast("BufferedReader", gzip.GzipFile(fileobj=raw)) if packed else raw
    except OSError as error:
        raise SourceError(f"{file}: cannot be read ({error.strerror or type(error).__name__})") from None


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


def _labels(texts: Texts, rows: int) -> pa.RecordBatch:
    """Take the label columns out of `texts`."""
    label = texts.pop("label", pa.nulls(rows, pa.string()))
    detail = texts.pop("detailed_label", pa.nulls(rows, pa.string()))
    parts = pc.extract_regex(label, _LABEL)
    found = pc.struct_field(parts, "detailed_label")
    found = pc.if_else(pc.is_in(found, pa.array(["", UNSET, EMPTY])), pa.scalar(None, pa.string()), found)
    return pa.RecordBatch.from_arrays([pc.struct_field(parts, "label"), pc.coalesce(detail, found)], schema=LABELS)
