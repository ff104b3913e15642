"""Wire the stages: flows from a source, verdicts, alerts, sinks; the only place that does.

In: a FlowSource, detectors and sinks that are ready to work. Out: a `Summary`; alerts in the sinks; optionally one row
per flow in a Parquet file, which gets its name only when it is whole. The one idea: one batch at a time goes all the
way, so memory stays bounded and a replay gives the same rows as the wire.

A flow that goes on has interim rows, and each is judged: an attack is told while it lasts. A flow counts once: by its
final row, but its alarm by the first row that raised one.

Ctrl-C ends the source; what was seen so far is then grouped, delivered and written as at any end. A source that fails
still has its alerts delivered, but leaves no file of verdicts. A sink that fails is counted and the rest goes on.
"""

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from redshank.alerts.group import Groups, GroupSettings
from redshank.alerts.sink import Sink
from redshank.core.errors import ActionError, ConfigError, DeliveryError
from redshank.core.files import replacing
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.core.schema import FLOW, VERDICT
from redshank.detect.detector import Detector
from redshank.flows.source import FlowSource

VERDICTS_FILE = "verdicts.parquet"
FROM_FLOW = ("uid", "ts", "part", "src_ip", "src_port", "dst_ip", "dst_port", "proto")
FROM_VERDICT = ("score", "family", "unknown", "alarm", "reasons")
VERDICT_ROW = pa.schema([*(FLOW.field(name) for name in FROM_FLOW), *(VERDICT.field(name) for name in FROM_VERDICT)])
ROW_GROUP = 65_536

UNKNOWN = "unknown"
UNDECIDED = "undecided"
"""How verdicts are counted that have no family: nothing fits, or the detector could not tell."""

TOLD_KEPT = 65_536
"""Flows whose alarm was raised before their end, of which it is remembered; past it the oldest may be told twice."""

TALKERS_SHOWN = 10
TALKERS_KEPT = 20_000  # beyond twice this many the quiet half is forgotten: addresses may be forged

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Talker:
    """A device that began flows: how many, and how many bytes went both ways at the IP level."""

    device: str
    flows: int
    ip_bytes: int


@dataclass(frozen=True)
class Summary:
    """What a run saw.

    Args:
        packets, packet_bytes: Packets metered; 0 for records of other tools.
        flows: Flows judged.
        interim: Rows judged before their flow's end, beside them.
        alarms: Flows whose score reached the threshold, at their end or before.
        verdicts: Flows by family at their end; "unknown": none fits, "undecided": the detector could not tell.
        alerts: Alerts by family and severity.
        talkers: Devices with the most bytes, at most ten; approximate past 40,000 devices.
        anomalies: Malformed or odd input, by "stage.name".
        undelivered: Alerts that a sink gave up on, by sink.
        seconds: Wall-clock time of the run.
        interrupted: Whether Ctrl-C ended it.
    """

    packets: int
    packet_bytes: int
    flows: int
    interim: int
    alarms: int
    verdicts: dict[str, int]
    alerts: dict[tuple[str, str], int]
    talkers: tuple[Talker, ...]
    anomalies: dict[str, int]
    undelivered: dict[str, int]
    seconds: float
    interrupted: bool


@dataclass
class _Run:
    detectors: Sequence[Detector]
    sinks: Sequence[Sink]
    groups: Groups
    metrics: Metrics
    write: Callable[[pa.RecordBatch], None] | None
    tell: Callable[[Alert], None] | None
    flows: int = 0
    interim: int = 0
    alarms: int = 0
    told: dict[str, None] = field(default_factory=dict)
    verdicts: Counter[str] = field(default_factory=Counter)
    alerts: Counter[tuple[str, str]] = field(default_factory=Counter)
    undelivered: Counter[str] = field(default_factory=Counter)
    talkers: dict[str, tuple[int, int]] = field(default_factory=dict)

    def take(self, flows: pa.RecordBatch) -> None:
        verdicts = _strongest([detector.judge(flows) for detector in self.detectors])
        parts = flows.column("part")
        finished = pc.or_kleene(pc.is_null(parts), pc.not_equal(parts, "interim"))
        if pc.all(finished, min_count=0).as_py():
            self._count(flows, verdicts)
        else:
            self._count(flows.filter(finished), verdicts.filter(finished))
        self.interim += len(finished) - finished.true_count
        if self.write:
            columns = [flows.column(name) for name in FROM_FLOW] + [verdicts.column(name) for name in FROM_VERDICT]
            self.write(pa.RecordBatch.from_arrays(columns, schema=VERDICT_ROW))
        once = self._once(flows.column("uid"), finished, verdicts.column("alarm").fill_null(False))
        if not once.all():
            flows, verdicts = flows.filter(pa.array(once)), verdicts.filter(pa.array(once))
        self.alarms += pc.sum(verdicts.column("alarm")).as_py() or 0
        self.deliver(self.groups.add(flows, verdicts))

    def _once(self, uids: pa.Array, finished: pa.Array, alarm: pa.Array) -> npt.NDArray[np.bool_]:
        """Choose the rows that count: every flow's last, but for one whose alarm was raised before, then that one."""
        last: npt.NDArray[np.bool_] = finished.to_numpy(zero_copy_only=False)
        counts = last.copy()
        early = alarm.to_numpy(zero_copy_only=False) & ~last
        if self.told or early.any():
            known = pc.is_in(uids, pa.array(list(self.told), pa.string())).to_numpy(zero_copy_only=False)
            for row in np.flatnonzero(early | (known if self.told else last)).tolist():
                uid = uids[row].as_py() or ""
                if last[row]:
                    if uid in self.told:
                        del self.told[uid]
                        counts[row] = False
                elif early[row] and uid not in self.told:
                    self.told[uid] = None
                    counts[row] = True
            while len(self.told) > TOLD_KEPT:
                del self.told[next(iter(self.told))]
        return counts

    def deliver(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            self.alerts[alert.family, alert.severity] += 1
            self.metrics.count("redshank_alerts_total", family=alert.family)
            if self.tell:
                self.tell(alert)
            for sink in self.sinks:
                name = type(sink).__module__.rpartition(".")[2]
                try:
                    sink.deliver(alert)
                except DeliveryError as error:
                    if not self.undelivered[name]:
                        _log.warning("%s; later failures of this sink are only counted", error)
                    self.undelivered[name] += 1
                    self.metrics.count("redshank_deliveries_total", sink=name, outcome="failed")
                else:
                    self.metrics.count("redshank_deliveries_total", sink=name, outcome="delivered")

    def _count(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> None:
        self.flows += flows.num_rows
        nothing = pc.if_else(verdicts.column("unknown").fill_null(False), UNKNOWN, UNDECIDED)
        families = pc.coalesce(verdicts.column("family"), nothing)
        for detector, family, count in _groups([verdicts.column("detector"), families], []):
            self.verdicts[family] += count
            self.metrics.count("redshank_verdicts_total", count, detector=detector, family=family)
        parts = [flows.column(name).fill_null("") for name in ("part", "part_reason")]
        for part, reason, count in _groups(parts, []):
            self.metrics.count("redshank_flows_total", count, part=part, reason=reason)
        latest = pc.max(flows.column("ts").cast(pa.int64())).as_py()
        if latest is not None:
            self.metrics.set("redshank_packet_time_seconds", latest / 1e9)
        sizes = [flows.column(name).fill_null(0) for name in ("src_ip_bytes", "dst_ip_bytes")]
        # Counts of other tools may be anything up to 2^63: their sum must neither wrap nor raise.
        both = pc.add(*(pc.cast(size, pa.float64(), safe=False) for size in sizes))
        for device, size, count in _groups([flows.column("src_ip").fill_null("")], [both]):
            told, talked = self.talkers.get(device, (0, 0))
            self.talkers[device] = (told + int(size), talked + count)
        if len(self.talkers) > 2 * TALKERS_KEPT:
            loudest = sorted(self.talkers.items(), key=lambda item: item[1], reverse=True)
            self.talkers = dict(loudest[:TALKERS_KEPT])

    def loudest(self) -> tuple[Talker, ...]:
        ranked = sorted(self.talkers.items(), key=lambda item: (-item[1][0], -item[1][1], item[0]))
        return tuple(Talker(device, flows, size) for device, (size, flows) in ranked[:TALKERS_SHOWN])


def run(
    source: FlowSource,
    detectors: Sequence[Detector],
    sinks: Sequence[Sink] = (),
    *,
    grouping: GroupSettings | None = None,
    verdicts: Path | None = None,
    metrics: Metrics | None = None,
    tell: Callable[[Alert], None] | None = None,
    endless: bool = False,
) -> Summary:
    """Judge every flow of a source.

    Args:
        source: Where flows come from.
        detectors: One or more; of several verdicts on a flow the strongest counts: an alarm first, then the score.
        sinks: Where alerts go; closed at the end.
        grouping: How verdicts become alerts.
        verdicts: File for one row per flow; its folder must be writable.
        metrics: Counted into, if given.
        tell: Called with every alert.
        endless: Whether the source waits for more (a wire, a growing log): the first Ctrl-C then asks it to end, and
            what it still holds is judged too; a second one breaks off.

    Raises:
        SourceError: If the source stopped before its end.
        ConfigError: If a folder is in the way of the file of verdicts.
        ActionError: If the file of verdicts cannot be written.
    """
    begin = time.perf_counter()
    metrics = metrics or Metrics()
    before: dict[tuple[str, str], int] = {}
    with ExitStack() as stack:
        interrupts = stack.enter_context(_Interrupts(source.stop if endless else None))
        for sink in sinks:
            stack.callback(sink.close)
        write = stack.enter_context(_verdict_file(verdicts)) if verdicts else None
        one = _Run(detectors, sinks, Groups(grouping), metrics, write, tell)
        try:
            for flows in source.batches():
                interrupts.hold()
                one.take(flows)
                before = _count_source(source, metrics, before)
                interrupts.release()
        except KeyboardInterrupt:
            interrupts.seen = True
        finally:
            interrupts.hold()
            one.deliver(one.groups.finish())
            _count_source(source, metrics, before)
    return Summary(
        packets=source.packets,
        packet_bytes=source.packet_bytes,
        flows=one.flows,
        interim=one.interim,
        alarms=one.alarms,
        verdicts=dict(one.verdicts.most_common()),
        alerts=dict(sorted(one.alerts.items())),
        talkers=one.loudest(),
        anomalies={f"{stage}.{name}": count for (stage, name), count in sorted(source.anomalies.items()) if count},
        undelivered=dict(one.undelivered),
        seconds=time.perf_counter() - begin,
        interrupted=interrupts.seen,
    )


class _Interrupts:
    """Let Ctrl-C through only between batches, so that none is half counted."""

    def __init__(self, stop: Callable[[], None] | None) -> None:
        self.seen = False
        self._held = False
        self._stop = stop

    def __enter__(self) -> Self:
        # Python allows handlers in the main thread only; elsewhere nobody can press Ctrl-C either.
        self._main = threading.current_thread() is threading.main_thread()
        if self._main:
            self._old = signal.signal(signal.SIGINT, self._on)
        return self

    def __exit__(self, *_: object) -> None:
        if self._main:
            signal.signal(signal.SIGINT, self._old)

    def hold(self) -> None:
        self._held = True

    def release(self) -> None:
        self._held = False
        if self.seen:
            raise KeyboardInterrupt

    def _on(self, signum: int, frame: FrameType | None) -> None:
        del signum, frame
        if self._stop:
            self._stop()
            self._stop = None
            return
        self.seen = True
        if not self._held:
            raise KeyboardInterrupt


@contextmanager
def _verdict_file(path: Path) -> Iterator[Callable[[pa.RecordBatch], None]]:
    waiting: list[pa.RecordBatch] = []

    def write(batch: pa.RecordBatch | None) -> None:
        if batch is not None:
            waiting.append(batch)
        if batch is None or sum(held.num_rows for held in waiting) >= ROW_GROUP:
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
            write(None)
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


def _strongest(verdicts: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    if len(verdicts) == 1:
        return verdicts[0]
    strength = [
        np.where(one.column("alarm").fill_null(False).to_numpy(zero_copy_only=False), 2.0, 0.0)
        + one.column("score").fill_null(-1.0).to_numpy(zero_copy_only=False)
        for one in verdicts
    ]
    rows = verdicts[0].num_rows
    at = np.argmax(np.stack(strength), axis=0) * rows + np.arange(rows)
    return pa.concat_batches(list(verdicts)).take(pa.array(at))


def _groups(keys: list[pa.Array], sums: list[pa.Array]) -> Iterator[tuple[Any, ...]]:
    """Give (keys..., sums..., count) of each combination of keys, in the order of first appearance."""
    names = [f"k{i}" for i in range(len(keys))]
    table = pa.table([*keys, *sums], names=[*names, *(f"s{i}" for i in range(len(sums)))])
    wanted = [(f"s{i}", "sum") for i in range(len(sums))]
    counted = table.group_by(names, use_threads=False).aggregate([*wanted, ([], "count_all")])
    columns = [*names, *(f"s{i}_sum" for i in range(len(sums))), "count_all"]
    yield from zip(*(counted.column(name).to_pylist() for name in columns), strict=True)


def _count_source(
    source: FlowSource, metrics: Metrics, before: dict[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    now = {**source.anomalies, ("", "packets"): source.packets, ("", "bytes"): source.packet_bytes}
    for (stage, name), count in now.items():
        more = count - before.get((stage, name), 0)
        if more and stage:
            metrics.count("redshank_anomalies_total", more, stage=stage, name=name)
        elif more:
            total = "redshank_packets_total" if name == "packets" else "redshank_packet_bytes_total"
            metrics.count(total, more)
    return now
