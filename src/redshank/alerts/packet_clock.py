"""What time it is, by the packets: the latest that was seen, unless it cannot be true.

In: when flows began and ended, row by row. Out: the packet time that was reached with each row. The one idea: time goes
on by itself, and a leap needs witnesses. One broken record of next year would close every window, and hold the next one
open until then; a clock that was set back would hold them open, too.

- A row that begins more than `JUMP_S` after the time reached is not believed, until it and `AHEAD` - 1 more in a row,
  all within `JUMP_S` of each other, say so: "time_jumped_ahead".
- After `BACK` rows in a row whose flows ended more than `JUMP_S` before the time reached it goes back to the latest of
  these: "time_went_back". A long flow that ends now is no such row, however long ago it began.
- A row that is not believed counts at the time reached: "time_not_believed".

How rows were cut into batches makes no difference.
"""

from collections import Counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.alerts.gathered import FARTHEST_NS, NS_PER_S

JUMP_S = 7_200.0
AHEAD, BACK = 3, 16
NEVER = np.iinfo(np.int64).min
JUMPED, WENT_BACK, DOUBTED = "time_jumped_ahead", "time_went_back", "time_not_believed"
JUMP_NS = round(JUMP_S * 1e9)
LONGEST_S = 1e9
"""A flow lasted no longer: other tools' records may say anything."""

Ints = npt.NDArray[np.int64]


class PacketClock:
    """The time of one stream of flows.

    Attributes:
        reached_ns: The time reached, ns since the epoch; NEVER before the first row that has one.
        events: By name, how often.
    """

    def __init__(self) -> None:
        self.reached_ns = int(NEVER)
        self.events: Counter[str] = Counter()
        self._ahead: list[int] = []
        self._behind: list[int] = []

    def see(self, flows: pa.RecordBatch) -> tuple[Ints, Ints]:
        """Return each row's own time, that reached where it has none, and the time reached with it; 0 before any.

        Shape:
            flows: n FLOW rows; returns: [n] and [n].
        """
        given = flows.column("ts").cast(pa.int64())
        known = given.is_valid().to_numpy(zero_copy_only=False)
        ts = np.clip(given.fill_null(0).to_numpy(zero_copy_only=False), -FARTHEST_NS, FARTHEST_NS)
        lasted = np.nan_to_num(flows.column("duration").fill_null(0).to_numpy(zero_copy_only=False), nan=0.0)
        ended = ts + (np.clip(lasted, 0, LONGEST_S) * NS_PER_S).astype(np.int64)
        reached = self.take(np.where(known, ts, NEVER), ended)
        reached = np.where(reached == NEVER, 0, reached)
        return np.where(known, ts, reached), reached

    def take(self, began_ns: Ints, ended_ns: Ints) -> Ints:
        """Return the time reached with each row; NEVER while no row had one.

        Args:
            began_ns: When the flows began; NEVER where nobody knows. Between them lie less than 2^62 ns.
            ended_ns: When they ended, as far as is known.

        Shape:
            began_ns, ended_ns, returns: [n].

        Example:
            >>> clock, second = PacketClock(), 1_000_000_000
            >>> times = np.array([5, 6, 99_999_999, 7]) * second
            >>> (clock.take(times, times) // second).tolist(), dict(clock.events)
            ([5, 6, 6, 7], {'time_not_believed': 1})
        """
        if not len(began_ns):
            return began_ns
        reached = np.maximum.accumulate(np.concatenate([[self.reached_ns], began_ns]))
        known = (began_ns != NEVER) & (reached[:-1] != NEVER)
        before = np.where(known, reached[:-1], 0)
        odd = known & ((began_ns > before + JUMP_NS) | (ended_ns < before - JUMP_NS))
        if odd.any():
            return np.array([self._next(*row) for row in zip(began_ns.tolist(), ended_ns.tolist(), strict=True)])
        if known.any():
            self._ahead, self._behind = [], []
        self.reached_ns = int(reached[-1])
        return reached[1:]

    def _next(self, began_ns: int, ended_ns: int) -> int:
        """Take one row."""
        if began_ns == NEVER:
            return self.reached_ns
        if self.reached_ns == NEVER:
            self.reached_ns = began_ns
        elif began_ns > self.reached_ns + JUMP_NS:
            self._behind = []
            self._ahead = [one for one in self._ahead if abs(one - began_ns) <= JUMP_NS] + [began_ns]
            self._believe(self._ahead, AHEAD, JUMPED)
        elif ended_ns < self.reached_ns - JUMP_NS:
            self._ahead = []
            self._behind.append(began_ns)
            self._believe(self._behind, BACK, WENT_BACK)
        else:
            self._ahead, self._behind = [], []
            self.reached_ns = max(self.reached_ns, began_ns)
        return self.reached_ns

    def _believe(self, witnesses: list[int], wanted: int, event: str) -> None:
        if len(witnesses) < wanted:
            self.events[DOUBTED] += 1
            return
        self.events[event] += 1
        self.reached_ns = max(witnesses)
        witnesses.clear()
