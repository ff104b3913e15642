"""Zeek's logs as a source of flows.

In: a conn.log as Zeek writes it (tab-separated with its header, or JSON lines), a table exported from one, plain or
gzip; or the folder of Zeek's logs, finished or growing. Out: FLOW batches; every row is final, since a log holds
finished connections. Of a folder dns.log, http.log, ssl.log, x509.log, mqtt_connect.log and weird.log are read beside
conn.log, and their rows joined by uid.
The one idea: all forms become columns of text, which flows/records/columns.py reads. A stretch of the file of bounded
size is in memory at a time. Labels that published logs carry never enter FLOW; `labelled_batches` gives them beside it.
Source: https://docs.zeek.org/en/master/logs/conn.html; labels as in IoT-23 (Garcia, Parmisano and Erquiaga 2020).
"""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.errors import ConfigError
from redshank.flows.records.columns import ends_ns, flow_rows, numbers
from redshank.flows.records.conn_log import EMPTY, FLOW_NAMES, LABEL_NAMES, UNSET
from redshank.flows.records.follow import Growing, grown, plain
from redshank.flows.records.layout import LOG
from redshank.flows.records.log_file import Files, regular
from redshank.flows.records.record_source import RecordSource
from redshank.flows.records.zeek_join import AHEAD_NS, Applications, Beside
from redshank.flows.records.zeek_log import Texts, ZeekLog
from redshank.flows.records.zeek_logs import CERTIFICATES, LOGS

LABELS = pa.schema([("label", pa.string()), ("detailed_label", pa.string())])

_NAMES = {
    LOG: {**FLOW_NAMES, **LABEL_NAMES},
    "x509": {"ts": "ts", **CERTIFICATES},
    **{log: {"ts": "ts", "uid": "uid", **names} for log, names in LOGS.items()},
}
_BESIDE = (*LOGS, "x509")
# A label as a field of its own, or as IoT-23 has it, behind tunnel_parents with three blanks between.
_LABEL = r"^(?:\S+ {3})?(?P<label>.+?)(?: {3}(?P<detailed_label>.+))?$"


class Zeek(RecordSource):
    """Connections that Zeek logged.

    Wrong for connections that are still open: a conn.log has one row for each, written at its end. Of files.log
    nothing is taken: http.log has the types of what was sent.

    Args:
        path: A conn.log, or the folder of Zeek's logs with `conn.log`, `conn.*.log` and the same with `.gz`; those are
            read in the order of their names, which is the order of time as Zeek rotates them, `conn.log` last.
        follow: Whether to go on as the logs grow and are rotated; of a folder all that is there is read first.
        idle_s: When following, end after so many seconds without a new row; None: never.
        wait_s: When following, how long a connection waits for the row of its application. conn.log is written when a
            connection ends and dns.log before, but Zeek flushes each log about once a second by itself.

    Raises:
        ConfigError: If `path` does not exist, or is a folder without such a log.
        SourceError: If a file is not a conn.log, or cannot be read.
    """

    FOLLOWS = True
    STAGE = "zeek"

    def __init__(self, path: Path, *, follow: bool = False, idle_s: float | None = None, wait_s: float = 2.0) -> None:
        super().__init__()
        self._path = path
        self._follow = follow
        self._idle_s = idle_s
        self._wait_s = wait_s
        self._rows = 0
        self._files = self._found()
        folder = path if path.is_dir() else path.parent
        self._old = {plain(file) for name in (LOG, *_BESIDE) for file in logs_in(folder, name)} if follow else set()
        for file in self._files:
            if regular(file):  # a pipe can be read only once
                with closing(Files([file], self._count)) as lines:
                    self._log(LOG, lines).read()
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
        yield from self._growing() if self._follow else self._finished()

    def _finished(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        with ExitStack() as open_logs:
            lines = {LOG: open_logs.enter_context(closing(Files(self._files, self._count)))}
            for name in _BESIDE if self._path.is_dir() else ():
                if files := logs_in(self._path, name):
                    lines[name] = open_logs.enter_context(closing(Files(files, self._count)))
            log = self._log(LOG, lines.pop(LOG))
            applications = self._applications(lines)
            while (found := log.read()) is not None:
                for texts, count in found:
                    flows, labels = self._flows(texts, count)
                    if flows.num_rows:
                        applications.advance(_end_ns(flows))
                        yield applications.join(flows), labels

    def _growing(self) -> Iterator[tuple[pa.RecordBatch, pa.RecordBatch]]:
        with ExitStack() as open_logs:
            lines = {
                name: open_logs.enter_context(closing(self._growing_log(name)))
                for name in [LOG, *(_BESIDE if self._path.is_dir() else ())]
            }
            current = lines.pop(LOG)
            log = self._log(LOG, current)
            applications = self._applications(lines)
            held: list[tuple[float, pa.RecordBatch, pa.RecordBatch]] = []
            for piece, ending in grown(self, current, self._idle_s):
                now = time.monotonic()
                for texts, count in () if piece is None else log.rows(piece):
                    flows, labels = self._flows(texts, count)
                    if flows.num_rows:
                        held.append((now + self._wait_s, flows, labels))
                if held:
                    applications.advance(None)
                    held, ready = self._ready(held, applications, now, ending=ending)
                    yield from ready

    def _ready(
        self,
        held: list[tuple[float, pa.RecordBatch, pa.RecordBatch]],
        applications: Applications,
        now: float,
        *,
        ending: bool,
    ) -> tuple[list[tuple[float, pa.RecordBatch, pa.RecordBatch]], list[tuple[pa.RecordBatch, pa.RecordBatch]]]:
        """Part what waits on from what is given now."""
        still, ready = [], []
        for until, flows, labels in held:
            waits = applications.awaited(flows)
            late = pc.sum(waits, min_count=0).as_py()
            if late and not ending and now < until:
                still.append((until, flows.filter(waits), labels.filter(waits)))
                waits = pc.invert(waits)
                flows, labels = flows.filter(waits), labels.filter(waits)  # noqa: PLW2901  the rest of this batch
            elif late:
                self._count("application_row_missing", late)
            if flows.num_rows:
                ready.append((applications.join(flows), labels))
        return still, ready

    def _flows(self, texts: Texts, rows: int) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        labels = _labels(texts, rows)
        flows, kept = flow_rows(dict(texts), rows, self._rows, self._count)
        self._rows += rows
        return flows, labels if flows.num_rows == rows else labels.filter(kept)

    def _found(self) -> list[Path]:
        if not self._path.exists():
            raise ConfigError(
                f"{self._path}: no such file or folder; name a conn.log of Zeek, or the folder that holds it"
            )
        if not self._path.is_dir():
            return [self._path]
        files = logs_in(self._path, LOG)
        if not files and not self._follow:
            raise ConfigError(
                f"{self._path}: a folder without conn.log, conn.log.gz or conn.*.log.gz; name the folder of a log"
            )
        return files

    def _log(self, name: str, lines: Files | Growing) -> ZeekLog:
        needs = "certificate.subject" if name == "x509" else "uid"
        return ZeekLog(lines, name, _NAMES[name], self._count, needs=needs, grows=self._follow)

    def _applications(self, lines: Mapping[str, Files | Growing]) -> Applications:
        return Applications({name: Beside(self._log(name, one), name, self._count) for name, one in lines.items()})

    def _growing_log(self, name: str) -> Growing:
        folder = self._path if self._path.is_dir() else self._path.parent
        path = folder / f"{name}.log" if self._path.is_dir() else self._path

        def rotated() -> list[Path]:
            return [file for file in logs_in(folder, name) if file != path]

        return Growing(path, rotated, self._old, self._count, history=self._path.is_dir())


def logs_in(folder: Path, name: str) -> list[Path]:
    """Return the files of one of Zeek's logs, in the order of time; of a file that is packed just now the plain one."""
    pattern = re.compile(rf"{name}(?:\..+|-\d.*)?\.log(?:\.gz)?")
    found: dict[str, Path] = {}
    for file in sorted(folder.iterdir()):
        if pattern.fullmatch(file.name) and file.is_file():
            found.setdefault(file.name.removesuffix(".gz"), file)
    return [found[plain] for plain in sorted(found, key=lambda plain: (plain == f"{name}.log", plain))]


def _end_ns(flows: pa.RecordBatch) -> int | None:
    """Return until when the logs of applications must be read for these flows; None: to their end."""
    begun = numbers(flows.column("ts"))
    if (begun < 0).any():
        return None
    return int(ends_ns(begun, flows.column("duration")).max()) + AHEAD_NS


def _labels(texts: Texts, rows: int) -> pa.RecordBatch:
    """Take the label columns out of `texts`."""
    label = texts.pop("label", pa.nulls(rows, pa.string()))
    detail = texts.pop("detailed_label", pa.nulls(rows, pa.string()))
    parts = pc.extract_regex(label, _LABEL)
    found = pc.struct_field(parts, "detailed_label")
    found = pc.if_else(pc.is_in(found, pa.array(["", UNSET, EMPTY])), pa.scalar(None, pa.string()), found)
    return pa.RecordBatch.from_arrays([pc.struct_field(parts, "label"), pc.coalesce(detail, found)], schema=LABELS)
