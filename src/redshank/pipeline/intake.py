"""The queue between sources and judging: bounded in rows and bytes, and what it gives up is chosen and counted.

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
from redshank.core.schema import FLOW

JOINED_ROWS = 8_192
"""Rows of small batches that are judged as one."""
MOST_BYTES = 128 * 2**20
"""What rows that wait take at most (`size_of`), whatever the wire put into their texts."""
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

_ITEM_BYTES = {
    place: 1 if pa.types.is_string(one.type) else one.type.value_type.bit_width // 8
    for place, one in enumerate(FLOW)
    if pa.types.is_string(one.type) or pa.types.is_list(one.type)
}
"""Of columns whose values have any length, by their places."""
_ROW_BITS = sum((32 if place in _ITEM_BYTES else one.type.bit_width) + 1 for place, one in enumerate(FLOW))
"""Of all columns: values, or where they begin, and whether there is one."""


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
        limit: Rows that wait at most, above 0; of a source that can wait one batch is always taken, whatever its size.
        suspects: Whose flows are given up last.
        metrics: Counts what is shed.
        most_bytes: Bytes that wait at most, as `limit`.
        timer: Gives a time in s that never goes back.
    """

    def __init__(
        self,
        limit: int,
        suspects: Suspects,
        metrics: Metrics,
        *,
        most_bytes: int = MOST_BYTES,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._suspects, self._metrics, self._timer = limit, suspects, metrics, timer
        self._most_bytes = most_bytes
        self._many = min(JOINED_ROWS, limit // 2)
        self._waiting: deque[tuple[pa.RecordBatch, int]] = deque()
        """Batches and their bytes."""
        self._rows = self._bytes = 0
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
        size = size_of(flows)
        with self._changed:
            while patient and self._rows and self._is_full(flows.num_rows, size) and not self._over:
                self._changed.wait()
            if self._over:
                self._metrics.count(SHED, flows.num_rows, step=DRAIN)
                return
            self._waiting.append((flows, size))
            self._rows += flows.num_rows
            self._bytes += size
            self._at_once |= patient
            if not patient and self._is_full():
                self._shed()
            if len(self._waiting) == 1 or self._are_many():
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
            while self._waiting and (not taken or rows + self._waiting[0][0].num_rows <= JOINED_ROWS):
                flows, size = self._waiting.popleft()
                taken.append(flows)
                rows += flows.num_rows
                self._bytes -= size
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
            self._rows = self._bytes = 0
            if left:
                self._metrics.count(SHED, left, step=DRAIN)
            self._changed.notify_all()
        return left

    def _due_s(self, apart_s: float) -> float:
        """Return when the next batch is to be taken."""
        if not self._waiting:
            return float("inf")
        return float("-inf") if self._are_many() else self._taken_s + apart_s

    def _are_many(self) -> bool:
        """Tell whether there is no use in waiting for more."""
        return self._at_once or self._rows >= self._many or self._bytes >= self._most_bytes // 2

    def _is_full(self, rows: int = 0, size: int = 0) -> bool:
        """Tell whether there is no room for what waits, and so many rows more."""
        return self._rows + rows > self._limit or self._bytes + size > self._most_bytes

    def _over_by(self, flows: pa.RecordBatch, size: int) -> int:
        """Return how many rows of this batch would have to go to make room."""
        rows: int = flows.num_rows
        much = self._bytes - int(self._most_bytes * (1 - FREED))
        return max(self._rows - int(self._limit * (1 - FREED)), -(-much * rows // size))

    def _shed(self) -> None:
        for step in STEPS:
            self._give(step)
        while self._is_full():  # where large rows were the last of their batch
            self._give(OLDEST)

    def _give(self, step: str) -> None:
        chosen: dict[str, Callable[[pa.RecordBatch], npt.NDArray[np.bool_]]] = {
            INTERIM: lambda flows: pc.equal(flows.column("part"), "interim").fill_null(False).to_numpy(False),
            QUIET: lambda flows: ~self._suspects.touch(flows),
            OLDEST: lambda flows: np.ones(flows.num_rows, dtype=bool),
        }
        kept: deque[tuple[pa.RecordBatch, int]] = deque()
        before = self._rows
        for flows, size in self._waiting:
            over = self._over_by(flows, size)
            going = np.flatnonzero(chosen[step](flows))[:over] if over > 0 else ()
            if not len(going):
                kept.append((flows, size))
                continue
            stays = np.ones(flows.num_rows, dtype=bool)
            stays[going] = False
            left = flows.filter(pa.array(stays))
            left_size = size_of(left)
            if left.num_rows:
                kept.append((left, left_size))
            self._rows -= len(going)
            self._bytes -= size - left_size
        self._waiting = kept
        if self._rows < before:
            self._metrics.count(SHED, before - self._rows, step=step)


def size_of(flows: pa.RecordBatch) -> int:
    """Return how many bytes FLOW rows take, without what they share with others.

    Arrow's `nbytes` says nearly the same in three times the time; all of a buffer would count in each slice of it.
    """
    size: int = flows.num_rows * _ROW_BITS // 8
    for place, item_bytes in _ITEM_BYTES.items():
        column = flows.column(place)
        offsets = column.buffers()[1]
        if offsets is not None and len(column):
            at = np.frombuffer(offsets, np.int32)
            size += item_bytes * int(at[column.offset + len(column)] - at[column.offset])
    return size
