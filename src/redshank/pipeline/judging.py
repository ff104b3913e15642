"""Judge batches of flows: verdicts, what of them counts, and the alerts that come of it.

In: FLOW batches. Out: Alerts; a row per flow for whoever keeps them; counts. The one idea: a flow that goes on has
interim rows, and each is judged, so that an attack is told while it lasts; but a flow counts once, by its final row,
and its alarm by the first row that raised one. Rows that are no alarm speak for their device as they come.
"""

import time
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.alerts.allow import AllowList
from redshank.alerts.group import Groups
from redshank.core.records import Alert
from redshank.detect.detector import Detector
from redshank.detect.fuse import fuse
from redshank.flows.ended import ended
from redshank.pipeline.failures import Failures
from redshank.pipeline.tally import Tally

TOLD_KEPT = 65_536
"""Flows whose alarm was raised before their end, of which it is remembered; of those past it, which are counted, the
oldest may be told twice."""


class Judging:
    """Detectors and groups of one stream of flows.

    Args:
        detectors: One or more; several verdicts on a flow become one as `detect/fuse.py` says.
        groups: Where verdicts become alerts.
        tally: Counts what is seen.
        also: Each is called with every batch and its verdicts, before anything is left out.
        allow: What is not to be told; its rows count as seen, and make no alert.
        clock: Gives the time at which allowances may have expired, s since the epoch.
        failures: What becomes of a batch that a detector cannot judge; its error ends the run if absent.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        groups: Groups,
        tally: Tally,
        also: Sequence[Callable[[pa.RecordBatch, pa.RecordBatch], None]] = (),
        allow: AllowList | None = None,
        clock: Callable[[], float] = time.time,
        failures: Failures | None = None,
    ) -> None:
        self._detectors, self._groups, self._tally, self._also = detectors, groups, tally, also
        self._allow, self._clock = allow, clock
        self._failures = failures
        self._told: dict[str, None] = {}
        self._forgotten = 0

    def take(self, flows: pa.RecordBatch) -> list[Alert]:
        """Judge a batch and return the alerts that are due."""
        verdicts = fuse([self._judge(detector, flows) for detector in self._detectors])
        self._tally.forgotten(self._detectors)
        finished = ended(flows)
        if pc.all(finished, min_count=0).as_py():
            self._tally.flows(flows, verdicts)
        else:
            self._tally.flows(flows.filter(finished), verdicts.filter(finished))
        for look in self._also:
            look(flows, verdicts)
        once = self._once(flows.column("uid"), finished, _flags(verdicts, "alarm"), _flags(verdicts, "unknown"))
        if not once.all():
            flows, verdicts = flows.filter(pa.array(once)), verdicts.filter(pa.array(once))
        alarms = pc.sum(verdicts.column("alarm")).as_py() or 0
        self._tally.rows(len(finished) - finished.true_count, alarms)
        if self._allow:
            allowed, counts = self._allow.allowed(flows, verdicts, self._clock())
            self._tally.allowed(counts)
            if allowed.any():
                flows, verdicts = flows.filter(pa.array(~allowed)), verdicts.filter(pa.array(~allowed))
        alerts = self._groups.add(flows, verdicts)
        self._tally.events("alerts", self._groups.clock.events)
        self._tally.forgot("judging", {"told": self._forgotten})
        return self._tell(alerts)

    def finish(self) -> list[Alert]:
        """Return the alerts that are left."""
        return self._tell(self._groups.finish())

    def _judge(self, detector: Detector, flows: pa.RecordBatch) -> pa.RecordBatch:
        return self._failures.judge(detector, flows) if self._failures else detector.judge(flows)

    def _tell(self, alerts: list[Alert]) -> list[Alert]:
        groups = self._groups
        counts = {"evidence": groups.forgotten, "groups": groups.crowded_out, "targets": groups.room.missed}
        self._tally.forgot("alerts", counts)
        self._tally.unsaid(self._groups.unsaid)
        self._tally.alerts(alerts)
        return alerts

    def _once(
        self, uids: pa.Array, finished: pa.Array, alarm: npt.NDArray[np.bool_], unknown: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """Choose the rows that count: every flow's last, but for one whose alarm was raised before, then that one.

        What is neither an alarm nor unknown counts whenever it comes: it makes no alert, but speaks for its device.
        Only at the end of its flow it would come too late: of flows that begin together those with an alarm would be
        weighed first.
        """
        last: npt.NDArray[np.bool_] = finished.to_numpy(zero_copy_only=False)
        early = alarm & ~last
        counts = last | ~(alarm | unknown)
        if self._told or early.any():
            # Row by row: what is remembered may be many times what a batch has.
            new = {uid or "" for uid in uids.filter(pa.array(early)).to_pylist()}
            for row, uid in enumerate(uids.fill_null("").to_numpy(zero_copy_only=False).tolist()):
                if uid not in self._told and uid not in new:
                    continue
                if uid in self._told:
                    counts[row] = False
                    if last[row]:
                        del self._told[uid]
                elif early[row]:
                    counts[row] = True
                    self._told[uid] = None
            while len(self._told) > TOLD_KEPT:
                del self._told[next(iter(self._told))]
                self._forgotten += 1
        return counts


def _flags(verdicts: pa.RecordBatch, name: str) -> npt.NDArray[np.bool_]:
    found: npt.NDArray[np.bool_] = verdicts.column(name).fill_null(False).to_numpy(zero_copy_only=False)
    return found
