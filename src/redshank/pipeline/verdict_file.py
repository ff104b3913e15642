"""A row per judged flow in a Parquet file, which gets its name only when it is whole.

In: FLOW and VERDICT batches. Out: one file of VERDICT_ROW. The one idea: row groups of a useful size, however small the
batches are.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from redshank.core.errors import ActionError, ConfigError
from redshank.core.files import replacing
from redshank.core.schema import FLOW, VERDICT

VERDICTS_FILE = "verdicts.parquet"
FROM_FLOW = ("uid", "ts", "part", "src_ip", "src_port", "dst_ip", "dst_port", "proto")
FROM_VERDICT = ("score", "family", "unknown", "alarm", "reasons")
VERDICT_ROW = pa.schema([*(FLOW.field(name) for name in FROM_FLOW), *(VERDICT.field(name) for name in FROM_VERDICT)])
ROW_GROUP = 65_536


@contextmanager
def verdict_file(path: Path) -> Iterator[Callable[[pa.RecordBatch, pa.RecordBatch], None]]:
    """Give a function that takes flows and their verdicts, row by row.

    Raises:
        ConfigError: If a folder is in the way.
        ActionError: If the file cannot be written; nothing of it is kept.
    """
    waiting: list[pa.RecordBatch] = []

    def write(flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> None:
        columns = [flows.column(name) for name in FROM_FLOW] + [verdicts.column(name) for name in FROM_VERDICT]
        waiting.append(pa.RecordBatch.from_arrays(columns, schema=VERDICT_ROW))
        if sum(held.num_rows for held in waiting) >= ROW_GROUP:
            flush()

    def flush() -> None:
        with _reporting(path):
            writer.write_table(pa.Table.from_batches(waiting, schema=VERDICT_ROW))
        waiting.clear()

    if path.is_dir():
        raise ConfigError(f"{path}: is a folder, where verdicts are to be written; remove it or name another folder")
    with replacing(path) as part, ExitStack() as stack:
        with _reporting(path):
            # Arrow refuses a name that is no UTF-8, so it gets the open file.
            stream = stack.enter_context(part.open("wb", buffering=0))
            writer = pq.ParquetWriter(stream, VERDICT_ROW, compression="zstd")
        try:
            yield write
            flush()
        except BaseException:
            with suppress(OSError):
                writer.close()
            raise
        with _reporting(path):
            writer.close()


@contextmanager
def _reporting(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ActionError(f"{path}: verdicts cannot be written ({error}); nothing of them was kept") from None
