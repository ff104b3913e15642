"""Wire the stages: flows from a source, verdicts, alerts, sinks; the only place that does.

In: a FlowSource, detectors and sinks that are ready to work. Out: a `Summary`; alerts in the sinks; optionally one row
per flow in a Parquet file, which gets its name only when it is whole. The one idea: one batch at a time goes all the
way, so memory stays bounded and a replay gives the same rows as the wire.

Ctrl-C ends the source; what was seen so far is then grouped, delivered and written as at any end. A source that fails
still has its alerts delivered, but leaves no file of verdicts. A sink that fails is counted and the rest goes on.
"""

import logging
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Self

from redshank.alerts.group import Groups, GroupSettings
from redshank.alerts.sink import Sink
from redshank.core.errors import DeliveryError
from redshank.core.metrics import Metrics
from redshank.core.records import Alert
from redshank.detect.detector import Detector
from redshank.flows.source import FlowSource
from redshank.pipeline.judging import Judging
from redshank.pipeline.tally import Summary, Tally
from redshank.pipeline.verdict_file import verdict_file

_log = logging.getLogger(__name__)


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
        detectors: One or more; several verdicts on a flow become one as `detect/fuse.py` says.
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
    tally = Tally(metrics)
    deliver = _Deliver(sinks, metrics, tell)
    with ExitStack() as stack:
        interrupts = stack.enter_context(_Interrupts(source.stop if endless else None))
        for sink in sinks:
            stack.callback(sink.close)
        write = stack.enter_context(verdict_file(verdicts)) if verdicts else None
        judging = Judging(detectors, Groups(grouping), tally, [write] if write else [])
        try:
            for flows in source.batches():
                interrupts.hold()
                deliver(judging.take(flows))
                tally.source("", source)
                interrupts.release()
        except KeyboardInterrupt:
            interrupts.seen = True
        finally:
            interrupts.hold()
            deliver(judging.finish())
            tally.source("", source)
    seconds = time.perf_counter() - begin
    return tally.summary(dict(deliver.undelivered), seconds, interrupted=interrupts.seen)


class _Deliver:
    """Hand alerts to whoever listens, and to every sink, once; a sink that fails is counted."""

    def __init__(self, sinks: Sequence[Sink], metrics: Metrics, tell: Callable[[Alert], None] | None) -> None:
        self._sinks, self._metrics, self._tell = sinks, metrics, tell
        self.undelivered: Counter[str] = Counter()

    def __call__(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            if self._tell:
                self._tell(alert)
            for sink in self._sinks:
                name = type(sink).__module__.rpartition(".")[2]
                try:
                    sink.deliver(alert)
                except DeliveryError as error:
                    if not self.undelivered[name]:
                        _log.warning("%s; later failures of this sink are only counted", error)
                    self.undelivered[name] += 1
                    self._metrics.count("redshank_deliveries_total", sink=name, outcome="failed")
                else:
                    self._metrics.count("redshank_deliveries_total", sink=name, outcome="delivered")


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
