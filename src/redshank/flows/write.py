r"""FLOW or DEVICE batches -> a file or standard output, as JSON lines, as a Zeek conn.log, as CSV or as Parquet.

In: batches. Out: how many rows were written. The same rows give the same bytes. Times and numbers are exact, and what
is absent is told from what is empty: whoever reads a file back has what we had. Text from the wire is inert.
records/text_rows.py writes the lines. A file appears under its name only when it is whole.
Source: records/text_rows.py for lines; https://parquet.apache.org/docs/file-format/
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from redshank.core.errors import ActionError, ConfigError
from redshank.core.files import replacing
from redshank.core.registry import alternatives
from redshank.core.schema import DEVICE, FLOW
from redshank.flows.parquet.writer import Writer
from redshank.flows.records.cells import CSV, JSON, LOG
from redshank.flows.records.conn_log import COLUMNS, EMPTY, UNSET
from redshank.flows.records.text_rows import TextRows

FORMATS = ("jsonl", "zeek", "csv", "parquet")
SUFFIXES = {".jsonl": "jsonl", ".json": "jsonl", ".log": "zeek", ".csv": "csv", ".parquet": "parquet"}


def write(batches: Iterable[pa.RecordBatch], form: str, path: Path | None) -> int:
    """Write flows; the path is replaced only when all of them are written.

    Args:
        batches: FLOW batches.
        form: One of FORMATS. "zeek" holds the columns that a conn.log has, and neither interim rows nor claims to an
            address, which it does not know.
        path: The file; None is standard output.

    Returns:
        Rows written.

    Raises:
        ConfigError: If `form` is unknown, `path` cannot be written, or Parquet would go to standard output.
        ActionError: If the disk refuses in the middle; nothing is left under `path`.
    """
    return _write(batches, form, path, FLOW)


def write_devices(devices: pa.RecordBatch, form: str, path: Path | None) -> int:
    """Write devices, as `write` does flows.

    Args:
        devices: DEVICE rows.
        form: As `write`, but not "zeek".
        path: As `write`.

    Returns:
        Rows written.

    Raises:
        ConfigError: As `write`, or if `form` is "zeek".
        ActionError: As `write`.
    """
    if form == "zeek":
        raise ConfigError("format: 'zeek' is for flows and knows no devices; use jsonl, csv or parquet")
    return _write([devices], form, path, DEVICE)


def _write(batches: Iterable[pa.RecordBatch], form: str, path: Path | None, schema: pa.Schema) -> int:
    check(form, path)
    if path is None:
        with _disk("standard output"):
            return _WRITERS[form](batches, sys.stdout.buffer, schema)
    if path.exists() and not path.is_file():  # a device or a pipe is written to, never replaced
        with _disk(f"{path}"), path.open("wb") as stream:
            return _WRITERS[form](batches, stream, schema)
    with replacing(path) as part, _disk(f"{path}"), part.open("wb") as stream:
        return _WRITERS[form](batches, stream, schema)


def check(form: str, path: Path | None, source: Path | None = None) -> None:
    """Refuse a wrong format or place before any work is done.

    Args:
        form: As `write`.
        path: As `write`.
        source: The file or folder that will be read; it is never written to.

    Raises:
        ConfigError: As `write`, or if `path` is what will be read.
    """
    if form not in FORMATS:
        raise ConfigError(f"format: no '{form}'; {alternatives(form, FORMATS)}")
    if path is None and form == "parquet":
        raise ConfigError("format: 'parquet' cannot go to standard output; name a file with -o")
    if path is not None and path.is_dir():
        raise ConfigError(f"{path}: is a folder; name a file to write to")
    if path is not None and source is not None and path.is_file() and source.exists():
        read = source.iterdir() if source.is_dir() else [source]
        if any(file.exists() and file.samefile(path) for file in read):
            raise ConfigError(f"{path}: is what is read, and would be lost; name another file to write to")


@contextmanager
def _disk(where: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ActionError(f"{where}: cannot be written ({error.strerror or error})") from None


def json_lines(batch: pa.RecordBatch) -> bytes:
    r"""Return one JSON object for each row, absent values left out.

    Example:
        >>> from redshank.core.schema import flow_batch
        >>> batch = flow_batch({"ts": [1_500_000_000], "uid": ["C1"], "src_bytes": [7]}, rows=1)
        >>> json_lines(batch)
        b'{"ts":1.500000,"uid":"C1","src_bytes":7}\n'
    """
    return b"".join(map(bytes, TextRows(JSON).blocks(batch)))


def _write_jsonl(batches: Iterable[pa.RecordBatch], stream: BinaryIO, schema: pa.Schema) -> int:
    del schema  # every object names what it holds
    return _write_lines(batches, stream, TextRows(JSON))


def _write_csv(batches: Iterable[pa.RecordBatch], stream: BinaryIO, schema: pa.Schema) -> int:
    stream.write((",".join(schema.names) + "\n").encode())
    stream.flush()
    return _write_lines(batches, stream, TextRows(CSV))


def _write_zeek(batches: Iterable[pa.RecordBatch], stream: BinaryIO, schema: pa.Schema) -> int:
    del schema  # a conn.log has its own columns
    head = (
        "#separator \\x09",
        "#set_separator\t,",
        f"#empty_field\t{EMPTY}",
        f"#unset_field\t{UNSET}",
        "#path\tconn",
        "\t".join(["#fields", *(zeek for _, zeek, _ in COLUMNS)]),
        "\t".join(["#types", *(kind for _, _, kind in COLUMNS)]),
    )
    stream.write(("\n".join(head) + "\n").encode())
    stream.flush()
    intervals = [name for name, _, kind in COLUMNS if kind == "interval"]
    return _write_lines(map(_connections, batches), stream, TextRows(LOG, intervals))


def _connections(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Return what a conn.log has of the flows."""
    import pyarrow.compute as pc  # noqa: PLC0415  Arrow's functions take 40 ms, and the other forms need none

    from redshank.flows.claims import ARP  # noqa: PLC0415  as above
    from redshank.flows.ended import ended  # noqa: PLC0415  as above

    flows = pc.not_equal(batch.column("proto"), ARP).fill_null(True)
    return batch.filter(pc.and_(ended(batch), flows)).select([name for name, _, _ in COLUMNS])


def _write_lines(batches: Iterable[pa.RecordBatch], stream: BinaryIO, text: TextRows) -> int:
    rows = 0
    for batch in batches:
        stream.writelines(text.blocks(batch))
        stream.flush()
        rows += len(batch)
    return rows


def _write_parquet(batches: Iterable[pa.RecordBatch], stream: BinaryIO, schema: pa.Schema) -> int:
    writer = Writer(stream, schema)
    for batch in batches:
        writer.write(batch)
    return writer.close()


_WRITERS: dict[str, Callable[[Iterable[pa.RecordBatch], BinaryIO, pa.Schema], int]] = {
    "jsonl": _write_jsonl,
    "zeek": _write_zeek,
    "csv": _write_csv,
    "parquet": _write_parquet,
}
