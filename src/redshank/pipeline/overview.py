"""Tell the store how the service is, what it sees and what it judges with: all that others know of a running service.

In: batches with their verdicts, alerts once they are recorded, and a look at the service about once a second. Out: rows
of `store/runs.py`, `store/traffic.py` and `store/drift.py`, about every EVERY_S by the clock. The one idea: what
is told is taken at one moment where flows are judged, and written beside it: a slow store only makes it older. What
could not be written waits, within bounds, for the next time; what goes past them, or is left at the end, is counted.
"""

import logging
import secrets
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from redshank import __version__
from redshank.core.errors import ActionError
from redshank.core.metrics import FORGOTTEN, LOST, Metrics
from redshank.core.records import Alert
from redshank.detect.detector import Detector
from redshank.detect.device_groups import DeviceGroups
from redshank.detect.drift import Compared
from redshank.detect.reference import P_VALUE
from redshank.pipeline.beside import Beside
from redshank.pipeline.counting import Counting
from redshank.pipeline.intake import SHED
from redshank.pipeline.tally import Tally
from redshank.store.database import Database
from redshank.store.drift import Reading, Readings
from redshank.store.runs import JUDGING, Health, Judge, Runs, SourceHealth
from redshank.store.traffic import Traffic

EVERY_S, MEASURED_EVERY_S = 5.0, 3_600.0
DELAYS_KEPT = 256
"""Alerts told last, whose delays are told."""
WORST_SHOWN = 10
"""Columns of a comparison."""
MOST_WAITING = 1_000
"""Comparisons that wait for the store."""
COUNTED, COMPARISONS = "counted_flows", "comparisons"
"""How is counted what the store does not know: flows in no count of traffic, and comparisons for drift."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Moment:
    """What is known of the service only where it runs.

    Args:
        sources: How they are.
        waiting_rows: FLOW rows that wait to be judged.
        unrecorded_alerts: Alerts that wait for the store.
        problem: What is not well, in words.
        state: As in `Health`.
    """

    sources: tuple[SourceHealth, ...]
    waiting_rows: int
    unrecorded_alerts: int
    problem: str
    state: str = JUDGING


class Overview:
    """What one run tells of itself.

    Args:
        database: The store.
        tally: What the run saw.
        metrics: Of the run; read.
        detectors: Those of the run, by their names in the settings.
        groups: Groups of devices that are told apart.
        silent: Tells why a detector says nothing, in words.
        most_waiting_rows: How many FLOW rows may wait.
        clock: Gives the time, s since the epoch.
        timer: Gives a time in s that never goes back.
    """

    def __init__(
        self,
        database: Database,
        tally: Tally,
        metrics: Metrics,
        detectors: Mapping[str, Detector],
        groups: DeviceGroups,
        *,
        silent: Callable[[Detector], str] = lambda detector: detector.silent,
        most_waiting_rows: int = 0,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._runs, self._traffic, self._readings = Runs(database), Traffic(database), Readings(database)
        self._tally, self._metrics, self._detectors = tally, metrics, detectors
        self._most_waiting_rows, self._clock, self._timer = most_waiting_rows, clock, timer
        self._silent = silent
        self._counting = Counting(groups)
        self._beside = Beside("overview")
        self._run, self._host = secrets.token_hex(8), socket.gethostname()
        self._started_at_s = clock()
        self._delays: deque[float] = deque(maxlen=DELAYS_KEPT)
        self._compared: deque[Reading] = deque()
        self._missing = 0
        for what in (COUNTED, COMPARISONS):
            metrics.expect(LOST, what=what)
        self._since: dict[tuple[str, str], float] = {}
        self._due_s = self._measure_due_s = float("-inf")
        self._unwritten: Callable[[], None] | None = None

    @property
    def problem(self) -> str:
        """Why the last could not be written, in words; "" if it was."""
        return self._beside.problem

    def start(self) -> None:
        """Learn since when the detectors of an earlier run have judged."""
        try:
            before = next((one for one in self._runs.runs() if one.host == self._host), None)
        except ActionError as error:
            _log.warning("overview: %s; since when detectors judge is not known", error)
            return
        if before:
            self._since = {(one.detector, one.sha256): one.since_s for one in before.judges}

    def see(self, flows: pa.RecordBatch, verdicts: pa.RecordBatch) -> None:
        """Count flows and what was said of them."""
        self._counting.see(flows, verdicts)

    def told(self, alerts: Sequence[Alert]) -> None:
        """Note how long alerts took that are in the store now; one whose window is over tells nothing new of that."""
        now_s = self._clock()
        self._delays.extend(now_s - alert.last_seen_s for alert in alerts if not alert.over)

    def tick(self, moment: Callable[[], Moment]) -> None:
        """Have the store told, if it is time and the last time is over."""
        if self._timer() < self._due_s or self._beside.busy:
            return
        self._due_s = self._timer() + EVERY_S
        self._beside.begin(self._writing(moment()))

    def finish(self, moment: Moment, within_s: float) -> None:
        """Tell the store the last, once, as the run is, if what is being written is there within a time in s."""
        if not self._beside.wait(within_s):
            _log.warning("overview: the store is slow; it does not know how this run ended")
            self._lose()
            return
        try:
            self._writing(moment)()
        except ActionError as error:
            _log.warning("overview: %s; the store does not know how this run ended", error)
            if self._unwritten:
                self._unwritten()
            self._lose()

    def _lose(self) -> None:
        """Count what the store will never know."""
        flows = sum(flows for flows, _ in self._counting.take().values())
        self._metrics.count(LOST, flows, what=COUNTED)
        self._metrics.count(LOST, len(self._compared), what=COMPARISONS)

    def _writing(self, moment: Moment) -> Callable[[], None]:
        """Take what is to be written; what was taken before and is not written is in it."""
        if self._unwritten:
            self._unwritten()
        now_s = self._clock()
        counts = self._counting.take()
        for name, detector in self._detectors.items():
            bundle = next(iter(detector.bundles), name)
            self._compared.extend(_reading(one, name, bundle, now_s) for one in detector.compared())
        while len(self._compared) > MOST_WAITING:
            self._compared.popleft()
            self._metrics.count(LOST, what=COMPARISONS)
        self._metrics.count(LOST, self._counting.missing - self._missing, what=COUNTED)
        self._missing = self._counting.missing
        readings, health = list(self._compared), self._health(moment, now_s)
        self._compared.clear()

        def back() -> None:
            self._counting.add(counts)
            self._compared.extendleft(reversed(readings))

        def write() -> None:
            self._measure()
            self._runs.tell(health)
            self._traffic.add(counts, now_s)
            counts.clear()
            self._readings.add(readings)
            readings.clear()

        self._unwritten = back
        return write

    def _measure(self) -> None:
        """Look how large the store is; a server is asked once an hour, for it has to look at every row."""
        now_s = self._timer()
        if not self._database.is_file and now_s < self._measure_due_s:
            return
        self._measure_due_s = now_s + MEASURED_EVERY_S
        with self._database.reading() as sql:
            self._metrics.set("redshank_store_bytes", self._database.used_bytes(sql))

    def _health(self, moment: Moment, now_s: float) -> Health:
        reached_ns = self._counting.reached_ns
        delays = np.array(self._delays)
        return Health(
            run=self._run,
            started_at_s=self._started_at_s,
            told_at_s=now_s,
            state=moment.state,
            host=self._host,
            version=__version__,
            problem=moment.problem,
            packets=self._metrics.total("redshank_packets_total"),
            packet_bytes=self._metrics.total("redshank_packet_bytes_total"),
            flows=self._metrics.total("redshank_flows_total"),
            interim=self._tally.interim,
            alarms=self._tally.alarms,
            alerts=self._metrics.total("redshank_alerts_total"),
            allowed=self._metrics.total("redshank_allowed_total"),
            shed=self._metrics.named(SHED),
            lost=self._metrics.named(LOST),
            forgotten=self._metrics.named(FORGOTTEN),
            anomalies=self._metrics.named("redshank_anomalies_total"),
            waiting_rows=moment.waiting_rows,
            most_waiting_rows=self._most_waiting_rows,
            unrecorded_alerts=moment.unrecorded_alerts,
            uncounted=self._counting.missing,
            packet_time_s=None if reached_ns is None else reached_ns / 1e9,
            lag_s=None if reached_ns is None else now_s - reached_ns / 1e9,
            alert_delay_s=float(np.median(delays)) if len(delays) else None,
            worst_alert_delay_s=float(delays.max()) if len(delays) else None,
            sources=moment.sources,
            judges=self._judges(now_s),
            agreed=tuple(one.agreed for one in self._detectors.values() if one.agreed),
        )

    def _judges(self, now_s: float) -> tuple[Judge, ...]:
        judges = [
            Judge(
                *(name, bundle, sha256, detector.fingerprint),
                since_s=self._since.get((name, sha256), now_s),
                silent=self._silent(detector),
            )
            for name, detector in self._detectors.items()
            for bundle, sha256 in (detector.bundles or {"": ""}).items()
        ]
        self._since = {(one.detector, one.sha256): one.since_s for one in judges}
        return tuple(judges)


def _reading(one: Compared, detector: str, bundle: str, now_s: float) -> Reading:
    columns = {name: psi for name, psi in one.psi.items() if name != P_VALUE}
    worst = sorted(columns.items(), key=lambda item: -item[1])[:WORST_SHOWN]
    return Reading(
        group=one.group,
        detector=detector,
        bundle=bundle,
        at_s=one.at_ns / 1e9,
        told_at_s=now_s,
        p_value=one.p_value,
        moved=one.moved,
        score_psi=one.psi.get(P_VALUE, 0.0),
        input_psi=max(columns.values(), default=0.0),
        worst=tuple(worst),
    )
