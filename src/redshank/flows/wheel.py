"""The timer wheel: which flows end as packet time goes on, without looking at all of them.

In: the clock. Out: ended flows, copied to where results go, their places free again.
Each row is in the bucket of its deadline. A row whose deadline moved later is moved when its bucket comes up, so a
packet costs no wheel work; a step in time costs at most one turn of the wheel.
Source: Varghese and Lauck, Hashed and hierarchical timing wheels, SOSP 1987.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows import table
from redshank.flows.deadline import is_over
from redshank.flows.table import BUCKET_BITS, BUCKETS, CLOCK, FREE, LIVE, OUT, TICK, Int, Record, Records

REASONS = ("closed", "idle", "evicted", "end_of_input")
"""Texts of ROW.reason. closed: both sides ended it, or its tuple began anew; idle: nothing came for the timeout."""
VISITS = 512
"""Rows that one packet looks at: the flows of a capture whose clock jumps to and fro must not be walked each time."""
CLOSED_REASON, IDLE_REASON, EVICTED_REASON, END_REASON = range(4)


@kernel
def link(rows: Records, buckets: npt.NDArray[np.int32], tick: Int, index: Int) -> None:
    """Put a row into the bucket of its deadline, or into the last one of this turn if that lies beyond it."""
    row = rows[index]
    at = min(max(row.deadline_ns >> BUCKET_BITS, tick), tick + BUCKETS - 1) % BUCKETS
    head = buckets[at]
    row.bucket = at
    row.previous = -1
    row.next = head
    if head >= 0:
        rows[head].previous = index
    buckets[at] = index


@kernel
def unlink(rows: Records, buckets: npt.NDArray[np.int32], index: Int) -> None:
    """Take a row out of its bucket."""
    row = rows[index]
    if row.previous >= 0:
        rows[row.previous].next = row.next
    else:
        buckets[row.bucket] = row.next
    if row.next >= 0:
        rows[row.next].previous = row.previous


@kernel
def end(
    rows: Records,
    ends: Records,
    slots: npt.NDArray[np.uint64],
    buckets: npt.NDArray[np.int32],
    state: npt.NDArray[np.int64],
    index: Int,
    reason: Int,
    out_rows: Records,
    out_ends: Records,
) -> None:
    """Copy a flow out and free its place."""
    row = rows[index]
    row.reason = reason
    place = state[OUT]
    out_rows[place] = rows[index]
    out_ends[2 * place] = ends[2 * index]
    out_ends[2 * place + 1] = ends[2 * index + 1]
    state[OUT] = place + 1
    table.remove(slots, row.tag, index)
    unlink(rows, buckets, index)
    row.live = 0
    row.next = state[FREE]
    state[FREE] = index
    state[LIVE] -= 1


@kernel
def past_deadline(row: Record) -> Int:
    """Say why a flow whose deadline passed ended."""
    return CLOSED_REASON if row.delete_ns > 0 else IDLE_REASON


@kernel
def sweep(
    rows: Records,
    ends: Records,
    slots: npt.NDArray[np.uint64],
    buckets: npt.NDArray[np.int32],
    state: npt.NDArray[np.int64],
    timeouts: Record,
    out_rows: Records,
    out_ends: Records,
) -> bool:
    """End flows whose bucket has passed, after a step in time some at each packet; False if there was no room for them.

    What is not swept yet is in nobody's way: a packet of such a flow finds it over.
    """
    visits = 0
    target = state[CLOCK] >> BUCKET_BITS
    state[TICK] = max(state[TICK], target - BUCKETS)
    while state[TICK] < target:
        index = np.int64(buckets[state[TICK] % BUCKETS])
        while index >= 0:
            if visits == VISITS:
                return True
            visits += 1
            following = np.int64(rows[index].next)
            if is_over(rows[index], state[CLOCK], timeouts):
                if state[OUT] >= len(out_rows) - 2:
                    return False
                end(rows, ends, slots, buckets, state, index, past_deadline(rows[index]), out_rows, out_ends)
            else:
                unlink(rows, buckets, index)
                link(rows, buckets, state[TICK], index)  # its deadline lies in a later bucket than this
            index = following
        state[TICK] += 1
    return True
