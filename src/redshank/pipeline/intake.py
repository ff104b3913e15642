"""The queue between sources and judging: bounded, and what it gives up is chosen and counted.

In: FLOW batches from several threads. Out: batches for one, joined where many wait. A batch costs as much as some
thousand rows, so what a wire gives in small batches waits a moment for more; what a file gives is taken at once.
The one idea: a source that can wait (a file, another tool's log) waits; a wire cannot, so when the queue is full rows
are shed in a declared order:

1. interim rows: the flow's next row says it again;
2. final rows of quiet devices, the oldest first: devices that no alert names and that no alert is about;
3. the oldest rows of all.

What waits when the time to end is over is given up, as a step of its own. Alerts are made behind this queue and never
shed. Each row shed is counted under the step that shed it.
"""

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.metrics import Metrics

JOINED_ROWS = 8_192
"""Rows of small batches that are judged as one."""
APART_S = 0.5
"""How long after one batch the next is taken, if fewer rows wait: what an alert waits longer, for an idle gateway."""
FREED = 0.25
"""Share of the queue that shedding makes free, so that it is not searched for every batch."""
SUSPECTS_KEPT = 10_000
INTERIM, QUIET, OLDEST = "interim", "quiet", "oldest"
STEPS = (INTERIM, QUIET, OLDEST)
DRAIN = "drain"
"""How rows are counted that wait when the time to end is over, or come later."""
SHED = "redshank_shed_rows_total"


class Suspects:
    """Addresses that alerts are about; past `SUSPECTS_KEPT` the one named longest ago is forgotten, and counted."""

    def __init__(self) -> None:
        self._named: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()
        self.forgotten = 0

    def name(self, addresses: Iterable[str]) -> None:
        """Remember addresses."""
        with self._lock:
            for address in addresses:
                self._named[address] = None
                self._named.move_to_end(address)
            while len(self._named) > SUSPECTS_KEPT:
                self._named.popitem(last=False)
                self.forgotten += 1

    def touch(self, flows: pa.RecordBatch) -> npt.NDArray[np.bool_]:
        """Tell of which flows either end was named. [n] bool."""
        with self._lock:
            named = pa.array(list(self._named), pa.string())
        found = pc.or_(pc.is_in(flows.column("src_ip"), named), pc.is_in(flows.column("dst_ip"), named))
        touched: npt.NDArray[np.bool_] = found.to_numpy(zero_copy_only=False)
        return touched


class Intake:
    """The queue.

    Args:
        limit: Rows that wait at most, above 0; one batch is always taken, whatever its size.
        suspects: Whose flows are given up last.
        metrics: Counts what is shed.
        timer: Gives a time in s that never goes back.
    """

    def __init__(
        self, limit: int, suspects: Suspects, metrics: Metrics, *, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._suspects, self._metrics, self._timer = limit, suspects, metrics, timer
        self._many = min(JOINED_ROWS, limit // 2)
        self._waiting: deque[pa.RecordBatch] = deque()
        self._rows = 0
        self._at_once = False
        self._taken_s = float("-inf")
        self._over = False
        self._changed = threading.Condition()
        for step in (*STEPS, DRAIN):
            metrics.expect(SHED, step=step)

    @property
    def rows(self) -> int:
        """Rows that wait."""
        return self._rows

    def put(self, flows: pa.RecordBatch, *, patient: bool) -> None:
        """Add a batch.

        Args:
            flows: FLOW rows.
            patient: Whether to wait for room; otherwise room is made by shedding.
        """
        if not flows.num_rows:
            return
        with self._changed:
            while patient and self._rows and self._rows + flows.num_rows > self._limit and not self._over:
                self._changed.wait()
            if self._over:
                self._metrics.count(SHED, flows.num_rows, step=DRAIN)
                return
            self._waiting.append(flows)
            self._rows += flows.num_rows
            self._at_once |= patient
            if not patient and self._rows > self._limit:
                self._shed()
            if len(self._waiting) == 1 or self._at_once or self._rows >= self._many:
                self._changed.notify_all()

    def take(self, timeout_s: float, apart_s: float = 0.0) -> pa.RecordBatch | None:
        """Return what waited longest, small batches joined; None if nothing is to be taken in time.

        Args:
            timeout_s: How long to wait for it.
            apart_s: How long after the last one, unless JOINED_ROWS wait, half the limit, or rows of a source that can
                wait.
        """
        with self._changed:
            until_s = self._timer() + timeout_s
            while (due_s := self._due_s(apart_s)) > (now_s := self._timer()):
                if now_s >= until_s:
                    return None
                self._changed.wait(min(due_s, until_s) - now_s)
            self._taken_s = now_s
            taken: list[pa.RecordBatch] = []
            rows = 0
            while self._waiting and (not taken or rows + self._waiting[0].num_rows <= JOINED_ROWS):
                taken.append(self._waiting.popleft())
                rows += taken[-1].num_rows
            self._rows -= rows
            self._at_once &= bool(self._waiting)
            self._changed.notify_all()
        if len(taken) < 2:
            return taken[0] if taken else None
        return pa.concat_batches(taken)

    def give_up(self) -> int:
        """Give up what waits, and whatever comes later; let go of whoever waits for room.

        Returns:
            How many rows waited.
        """
        with self._changed:
            left, self._over = self._rows, True
            self._waiting.clear()
            self._rows = 0
            if left:
                self._metrics.count(SHED, left, step=DRAIN)
            self._changed.notify_all()
        return left

    def _due_s(self, apart_s: float) -> float:
        """Return when the next batch is to be taken."""
        if not self._waiting:
            return float("inf")
        return float("-inf") if self._at_once or self._rows >= self._many else self._taken_s + apart_s

    def _shed(self) -> None:
        wanted = int(self._limit * (1 - FREED))
        chosen: dict[str, Callable[[pa.RecordBatch], npt.NDArray[np.bool_]]] = {
            INTERIM: lambda flows: pc.equal(flows.column("part"), "interim").fill_null(False).to_numpy(False),
            QUIET: lambda flows: ~self._suspects.touch(flows),
            OLDEST: lambda flows: np.ones(flows.num_rows, dtype=bool),
        }
        for step in STEPS:
            kept: deque[pa.RecordBatch] = deque()
            shed = 0
            for flows in self._waiting:
                over = self._rows - shed - wanted
                if over <= 0:
                    kept.append(flows)
                    continue
                going = np.flatnonzero(chosen[step](flows))[:over]
                shed += len(going)
                stays = np.ones(flows.num_rows, dtype=bool)
                stays[going] = False
                if stays.any():
                    kept.append(flows.filter(pa.array(stays)))
            self._waiting, self._rows = kept, self._rows - shed
            if shed:
                self._metrics.count(SHED, shed, step=step)
            if self._rows <= wanted:
                return
