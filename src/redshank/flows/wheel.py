"""The timer wheel: which flows end or are told as packet time goes on, without looking at all of them.

In: the clock. Out: rows of flows that end, whose places are free again, and interim rows.
Each row is in the bucket of the time at which it is due. A row whose time moved later is moved when its bucket comes
up, so a packet costs no wheel work; a step in time costs at most one turn of the wheel. What is due and was not looked
at yet is settled before the flow's next packet: when anybody looks changes no row.
Source: Varghese and Lauck, Hashed and hierarchical timing wheels, SOSP 1987.
"""

import numpy as np

from redshank.core.kernel import lean_kernel
from redshank.flows.emit import BY_TIME, CLOSED, IDLE, Out, emit, room
from redshank.flows.interim import pass_over, told
from redshank.flows.machine import prefetch
from redshank.flows.pools import give_row
from redshank.flows.table import BUCKETS, LIVE, TICK, Int, Record, Table, remove

BUCKET_BITS = 27
"""A bucket is 2**27 ns = 0.13 s wide, one turn of the wheel 550 s: longer than the longest default timeout."""
VISITS = 512
"""Rows that one packet looks at: the flows of a capture whose clock jumps to and fro must not be walked each time."""


@lean_kernel
def due(row: Record) -> Int:
    """Return when a row must be looked at."""
    return min(row.deadline_ns, row.due_ns)


@lean_kernel
def link(t: Table, index: Int) -> None:
    """Put a row into the bucket of its time, or into the last one of this turn if that lies beyond it."""
    row = t.rows[index]
    tick = t.state[TICK]
    at = min(max(due(row) >> BUCKET_BITS, tick), tick + BUCKETS - 1) % BUCKETS
    head = np.int64(t.buckets[at])
    row.bucket = at
    row.previous = -1
    row.next = head
    if head >= 0:
        t.rows[head].previous = index
    t.buckets[at] = index


@lean_kernel
def unlink(t: Table, index: Int) -> None:
    """Take a row out of its bucket."""
    row = t.rows[index]
    if row.previous >= 0:
        t.rows[row.previous].next = row.next
    else:
        t.buckets[row.bucket] = row.next
    if row.next >= 0:
        t.rows[row.next].previous = row.previous


@lean_kernel
def end(t: Table, out: Out, index: Int, reason: Int) -> None:
    """Send out a flow's last row and free its place."""
    emit(t, out, index, reason)
    remove(t.slots, t.rows[index].tag, index)
    unlink(t, index)
    give_row(t, index)
    t.state[LIVE] -= 1


@lean_kernel
def settle(t: Table, out: Out, index: Int, clock: Int, limits: Record) -> bool:
    """Do what is due for a flow by `clock`: an interim row, its end; tell whether it ended.

    An interim row is due only before the flow's deadline, even if both passed since anybody looked.
    """
    row = t.rows[index]
    if row.due_ns <= clock and row.due_ns < row.deadline_ns:
        if row.packets > row.said:
            emit(t, out, index, BY_TIME)
            told(row, row.due_ns, limits)
        pass_over(row, clock, limits)
    if row.deadline_ns > clock:
        return False
    end(t, out, index, CLOSED if row.delete_ns > 0 else IDLE)
    return True


@lean_kernel
def sweep(t: Table, out: Out, clock: Int, limits: Record) -> bool:
    """Settle flows whose bucket has passed; after a step in time only some at each call.

    Returns:
        False if there was no room for their rows.
    """
    visits = 0
    target = clock >> BUCKET_BITS
    t.state[TICK] = max(t.state[TICK], target - BUCKETS)
    while t.state[TICK] < target:
        index = np.int64(t.buckets[t.state[TICK] % BUCKETS])
        while index >= 0:
            if visits == VISITS:
                return True
            if not room(t, out):
                return False
            visits += 1
            following = np.int64(t.rows[index].next)
            if following >= 0:
                for line in range(4):
                    prefetch(t.rows, following, 64 * line)
            if due(t.rows[index]) > clock or not settle(t, out, index, clock, limits):
                unlink(t, index)
                link(t, index)  # its time lies in a later bucket than this
            index = following
        t.state[TICK] += 1
    return True
