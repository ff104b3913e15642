"""Judge several sources for good: the loop of `redshank run`.

In: sources that can be opened again, and everything that judges, records, delivers and responds, ready to work. Out:
nothing but what those do. The one idea: many threads read, one judges; so the order in which alerts are made, recorded
and acted on is one order, and whoever is slow behind it (a sink, a firewall) holds up nobody.

- A source that fails is opened again after a pause that doubles up to `LONGEST_PAUSE_S`, and until then it is a
  problem; one that ends is done. The service ends when all are done, or when it is asked to. What a file or a log gave
  before it failed is not judged again: rows up to the packet time that it had reached are passed over, and counted.
- Settings are wrong only of a source that was never open: an interface or a folder that was there may come back.
- A source that this process has no right to is not tried again, since waiting gives no right: the others go on, and
  when they are done, at once if there are none, the service ends with an error that says what to give it.
- Asked to end, it asks the sources, judges what they still give and what waits, and closes what is open. After
  `drain_s` seconds it gives up on what is left, says so and counts it: rows, and sources that had not ended.
- `tick` is called about once a second between batches, whatever comes: it must be quick.
"""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.errors import ActionError, RedshankError, RefusedError, SourceError
from redshank.core.metrics import LOST, Metrics
from redshank.core.records import Alert
from redshank.flows.source import FlowSource
from redshank.pipeline.intake import APART_S, Intake, Suspects
from redshank.pipeline.judging import Judging
from redshank.pipeline.tally import PACKET_BYTES, PACKETS, Summary, Tally
from redshank.store.runs import SourceHealth

TICK_S = 1.0
LOOK_S = 0.1
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0
DROPPED, EVICTED = ("capture", "ring_dropped"), ("meter", "flow_evicted")
"""How a source counts packets that the kernel dropped, and flows that its table put out."""
UNENDED = "sources"
"""How sources are counted that had not ended when the time was over: the flows that they held are lost."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Feed:
    """A source that can be opened.

    Args:
        opened: Opens it.
        patient: Whether it can wait when judging falls behind: a file can, a wire cannot.
    """

    opened: Callable[[], FlowSource]
    patient: bool


class Service:
    """The loop.

    Args:
        feeds: The sources by name.
        judging: What makes alerts of flows.
        tally: What `judging` counts into.
        metrics: Counted into.
        act: Called with alerts, in order; it records them and has them delivered and answered.
        tick: Called about once a second.
        behind: Tells whether `act` has more to do, so that it is called again after the next batch, or without one.
        waiting: Rows that may wait to be judged.
        drain_s: How long to go on after being asked to end, in s.
    """

    def __init__(
        self,
        feeds: Mapping[str, Feed],
        judging: Judging,
        tally: Tally,
        metrics: Metrics,
        act: Callable[[Sequence[Alert]], None],
        tick: Callable[[], None],
        *,
        behind: Callable[[], bool] = lambda: False,
        waiting: int = 262_144,
        drain_s: float = 20.0,
    ) -> None:
        self._feeds, self._judging, self._tally, self._metrics = feeds, judging, tally, metrics
        self._act, self._tick, self._behind, self._drain_s = act, tick, behind, drain_s
        self._suspects = Suspects()
        self._intake = Intake(waiting, self._suspects, metrics)
        self._stopping = threading.Event()
        self._asked_s: float | None = None
        self._lock = threading.Lock()
        self._open: dict[str, FlowSource] = {}
        self._opened: set[str] = set()
        self._reached_ns: dict[str, int | None] = {}
        self._given: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._refused: dict[str, str] = {}
        self._down: dict[str, str] = {}
        self._failure: Exception | None = None
        metrics.expect(LOST, what=UNENDED)
        for name, feed in feeds.items():
            metrics.expect("redshank_source_failures_total", source=name)
            if not feed.patient:
                metrics.expect("redshank_anomalies_total", stage=DROPPED[0], name=DROPPED[1])

    def stop(self) -> None:
        """Ask the service to end; may be called from anywhere, a signal's handler too."""
        if self._asked_s is None:
            self._asked_s = time.monotonic()
        self._stopping.set()

    def wait(self) -> None:
        """Wait until it is asked to end, or ends by itself."""
        self._stopping.wait()

    @property
    def drained_s(self) -> float:
        """When `drain_s` is over, by the monotonic clock; counted from now if nobody asked it to end."""
        return (time.monotonic() if self._asked_s is None else self._asked_s) + self._drain_s

    @property
    def ending(self) -> bool:
        """Whether it was asked to end."""
        return self._stopping.is_set()

    @property
    def waiting_rows(self) -> int:
        """FLOW rows that wait to be judged."""
        return self._intake.rows

    @property
    def problem(self) -> str:
        """Which sources give nothing though they should, and why, in words; "" if there are none."""
        with self._lock:
            return _of_sources(self._refused | self._down)

    def sources(self) -> tuple[SourceHealth, ...]:
        """Tell how the sources are."""
        with self._lock:
            return tuple(self._source(name) for name in self._feeds)

    def _source(self, name: str) -> SourceHealth:
        counted, reached_ns = self._tally.of(name), self._reached_ns.get(name)
        packets, size, dropped, evicted = (counted.get(what, 0) for what in (PACKETS, PACKET_BYTES, DROPPED, EVICTED))
        return SourceHealth(
            name,
            name in self._open,
            packets,
            size,
            self._given[name],
            dropped,
            evicted,
            self._failed[name],
            None if reached_ns is None else reached_ns / 1e9,
        )

    def run(self) -> Summary:
        """Work until every source is done, or until asked to end.

        Raises:
            RedshankError: If a source cannot be opened at all: its settings are wrong, or there is no right to it.
        """
        begin = time.monotonic()
        threads = [
            threading.Thread(target=self._read, args=item, name=item[0], daemon=True) for item in self._feeds.items()
        ]
        for thread in threads:
            thread.start()
        due = 0.0
        asked = False
        try:
            while True:
                if self._stopping.is_set() and not asked:
                    asked = True
                    self._ask()
                reading = any(thread.is_alive() for thread in threads)
                patience_s = 0.0 if self._behind() else LOOK_S
                flows = self._intake.take(patience_s, APART_S if reading and not asked else 0.0)
                self._tell(self._judging.take(flows) if flows is not None else [])
                now = time.monotonic()
                if now >= due:
                    due = now + TICK_S
                    self._count()
                    self._tick()
                if flows is None and not any(thread.is_alive() for thread in threads) and not self._intake.rows:
                    break
                if asked and now > self.drained_s:
                    break
        finally:
            self._stopping.set()
            self._give_up([thread.name for thread in threads if thread.is_alive()])
            self._ask()
            self._tell(self._judging.finish())
            self._count()
        if self._failure:
            raise self._failure
        if self._refused and not asked:
            raise RefusedError(_of_sources(self._refused))
        seconds = time.monotonic() - begin
        return self._tally.summary({}, seconds, interrupted=asked)

    def _give_up(self, reading: Sequence[str]) -> None:
        """Count what nobody judges any more: rows that wait, and sources that still hold flows."""
        left = self._intake.give_up()
        if reading:
            self._metrics.count(LOST, len(reading), what=UNENDED)
        if left or (reading and not self._refused):
            still = f"; not at their end: {', '.join(reading)}" if reading else ""
            _log.warning(
                "%d rows are not judged: the end came first (service.drain_s is %g)%s", left, self._drain_s, still
            )

    def _tell(self, alerts: Sequence[Alert]) -> None:
        for alert in alerts:
            self._suspects.name((alert.device, *alert.targets))
        if alerts or self._behind():
            self._act(alerts)

    def _ask(self) -> None:
        with self._lock:
            for source in self._open.values():
                source.stop()

    def _count(self) -> None:
        self._metrics.set("redshank_waiting_rows", self._intake.rows)
        self._tally.forgot("intake", {"suspects": self._suspects.forgotten})
        with self._lock:
            for name in self._feeds:
                self._metrics.set("redshank_source_up", int(name in self._open), source=name)
            for name, source in self._open.items():
                self._tally.source(name, source)

    def _read(self, name: str, feed: Feed) -> None:
        """Read one source for good, in a thread of its own."""
        well = False
        try:
            self._read_on(name, feed)
            well = True
        finally:
            if not well:  # the others would go on as if it was done
                self._failure = ActionError(f"source {name}: ended by an error of the program; start again")
                self.stop()

    def _read_on(self, name: str, feed: Feed) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            begin = time.monotonic()
            try:
                self._pump(name, feed)
            except (RedshankError, OSError, pa.ArrowException) as error:
                wrong = isinstance(error, RedshankError) and not isinstance(error, SourceError)
                if wrong and name not in self._opened:
                    self._failure = error
                    self.stop()
                    return
                self._failed[name] += 1
                self._metrics.count("redshank_source_failures_total", source=name)
                if isinstance(error, RefusedError):
                    with self._lock:
                        self._refused[name] = str(error)
                    _log.error("source %s: %s; it is not tried again", name, error)
                    return
                with self._lock:
                    self._down[name] = f"{error}; it is tried again"
                _log.warning("source %s: %s; it is tried again in %g s", name, error, pause)
            else:
                return
            finally:
                with self._lock:
                    ended = self._open.pop(name, None)
                    if ended:
                        self._tally.source(name, ended)
            if time.monotonic() - begin > LONGEST_PAUSE_S:
                pause = FIRST_PAUSE_S
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def _pump(self, name: str, feed: Feed) -> None:
        source = feed.opened()
        with self._lock:
            self._open[name] = source
            self._opened.add(name)
            self._down.pop(name, None)
        if self._stopping.is_set():
            source.stop()
        before_ns = self._reached_ns.get(name) if feed.patient else None
        for flows in source.batches():
            ts = flows.column("ts").cast(pa.int64())
            self._given[name] += flows.num_rows
            if before_ns is not None:
                new = flows.filter(pc.greater(ts, before_ns))
                if passed := flows.num_rows - new.num_rows:
                    self._metrics.count("redshank_read_again_rows_total", passed, source=name)
                self._intake.put(new, patient=True)
            else:
                self._intake.put(flows, patient=feed.patient)
            times = (self._reached_ns.get(name), pc.max(ts).as_py())
            self._reached_ns[name] = max((one for one in times if one is not None), default=None)


def _of_sources(wrong: Mapping[str, str]) -> str:
    return "; ".join(f"source {name}: {words}" for name, words in wrong.items())
