"""Keep every flow with its verdict, in Parquet files that are closed by packet time and thrown away by age and size.

In: FLOW and VERDICT batches. Out: FOLDER/flows-YYYYMMDDTHHMMSS-NNNN.parquet, each named when it is whole. The one idea:
a file that has its name is complete, so whoever reads the folder needs no lock; what a crash leaves behind is a file
with another ending, removed and counted at the next start.
"""

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from redshank.core.errors import ActionError
from redshank.core.metrics import LOST, Metrics
from redshank.core.schema import FLOW, JUDGED, VERDICT
from redshank.flows.withheld import withheld

ARCHIVED = pa.schema([*FLOW, *(VERDICT.field(name) for name in JUDGED)])
"""A row of the archive: FLOW, then what VERDICT adds."""

ROW_GROUP = 32_768
PART = ".part"
DAY_S = 86_400.0
MIB = 2**20
LOST_ROWS = "archive_rows"
FAILURES = "redshank_archive_failures_total"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ArchiveSettings:
    """How files are cut, and how long they are kept.

    Args:
        file_s: Packet time after which a file is closed, above 0.
        file_rows: Rows after which it is.
        keep_s: Age after which a file is deleted, by the clock.
        keep_bytes: Size of all files beyond which the oldest are.
    """

    file_s: float = 3_600.0
    file_rows: int = 1_000_000
    keep_s: float = 14 * DAY_S
    keep_bytes: float = 10_240 * MIB


class Archive:
    """The files of one folder; nobody else may write there.

    Args:
        folder: Where; made if absent.
        settings: How to cut and how long to keep.
        metrics: Counted into: rows that were lost, and the files that they were lost with.

    Raises:
        ActionError: If the folder cannot be made or cleaned.
    """

    def __init__(
        self, folder: Path, settings: ArchiveSettings = ArchiveSettings(), metrics: Metrics | None = None
    ) -> None:
        self._folder, self._settings, self._metrics = folder, settings, metrics or Metrics()
        self._metrics.expect(LOST, what=LOST_ROWS)
        self._waiting: list[pa.RecordBatch] = []
        self._held = 0
        self._writer: pq.ParquetWriter | None = None
        self._path = folder
        self._rows = 0
        self._begun_ns: int | None = None
        self._count = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for left in folder.glob(f"flows-*{PART}"):
                left.unlink()
                self._metrics.count(FAILURES)
                _log.warning("archive: '%s' was not whole when a run broke off; its rows are lost", left)
        except OSError as error:
            raise ActionError(f"archive: '{folder}' cannot be used ({error.strerror}); name another folder") from None
        self._measure()

    def write(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> None:
        """Add rows. A disk that is full costs the rows of the file that is open: said and counted."""
        if not flows.num_rows:
            return
        columns = [*withheld(flows).columns, *(verdicts.column(name) for name in JUDGED)]
        self._waiting.append(pa.RecordBatch.from_arrays(columns, schema=ARCHIVED))
        self._held += flows.num_rows
        span = pc.min_max(flows.column("ts").cast(pa.int64())).as_py()
        reached = span["max"]
        if self._begun_ns is None:
            self._begun_ns = span["min"]
        aged = reached is not None and reached - (self._begun_ns or 0) >= self._settings.file_s * 1e9
        if self._held >= ROW_GROUP:
            self._flush()
        if aged or self._rows + self._held >= self._settings.file_rows:
            self.close()

    def close(self) -> None:
        """Finish the file that is open and give it its name; more rows begin another."""
        self._flush()
        writer, self._writer = self._writer, None
        rows, self._rows, self._begun_ns = self._rows, 0, None
        if writer is None:
            return
        try:
            writer.close()
            self._path.rename(self._path.with_suffix(""))
        except OSError as error:
            self._failed(error, rows)
        else:
            self._measure()

    def clean(self, now_s: float) -> int:
        """Delete files that are too old, then the oldest until the rest fits.

        Args:
            now_s: The time, s since the epoch.

        Returns:
            How many were deleted.
        """
        files = sorted((path.stat().st_mtime, path) for path in self._folder.glob("flows-*.parquet"))
        size = sum(path.stat().st_size for _, path in files)
        gone = 0
        for changed_s, path in files:
            if now_s - changed_s <= self._settings.keep_s and size <= self._settings.keep_bytes:
                break
            size -= path.stat().st_size
            path.unlink()
            gone += 1
        self._measure()
        return gone

    def _measure(self) -> None:
        with suppress(OSError):  # somebody took a file away between two looks: the next one counts
            size = sum(path.stat().st_size for path in self._folder.glob("flows-*.parquet"))
            self._metrics.set("redshank_archive_bytes", size)

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.Table.from_batches(self._waiting)
        self._waiting, self._held = [], 0
        try:
            if self._writer is None:
                self._writer = self._opened()
            self._writer.write_table(table)
        except OSError as error:
            self._failed(error, self._rows + table.num_rows)
        else:
            self._rows += table.num_rows

    def _opened(self) -> pq.ParquetWriter:
        at = (self._begun_ns or 0) / 1e9
        stamp = datetime.fromtimestamp(min(max(at, 0), time.time() + DAY_S), tz=UTC).strftime("%Y%m%dT%H%M%S")
        while True:
            self._path = self._folder / f"flows-{stamp}-{self._count:04}.parquet{PART}"
            self._count += 1
            if not self._path.with_suffix("").exists():
                return pq.ParquetWriter(self._path, ARCHIVED, compression="zstd")

    def _failed(self, error: OSError, rows: int) -> None:
        """Give up the file that is open, with all its rows: what is there of it cannot be read."""
        self._metrics.count(FAILURES)
        self._metrics.count(LOST, rows, what=LOST_ROWS)
        _log.error("archive: '%s' cannot be written (%s); its %d rows are lost", self._path, error, rows)
        writer, self._writer = self._writer, None
        self._rows = 0
        with suppress(OSError):
            if writer is not None:
                writer.close()
        with suppress(OSError):  # of a disk that is read-only now
            self._path.unlink(missing_ok=True)
