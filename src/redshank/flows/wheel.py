"""The timer wheel: which flows end or are told as packet time goes on, without looking at all of them.

In: the clock. Out: rows of flows that end, whose places are free again, and interim rows.
Each row is in the bucket of the time at which it is due. A row whose time moved later is moved when its bucket comes
up, so a packet costs no wheel work; a step in time costs at most one turn of the wheel. What is due and was not looked
at yet is settled before the flow's next packet: when anybody looks changes no row.
Source: Varghese and Lauck, Hashed and hierarchical timing wheels, SOSP 1987.
"""

import numpy as np

from redshank.core.kernel import lean_kernel
from redshank.flows.emit import BY_TIME, CLOSED, IDLE, emit, room
from redshank.flows.interim import pass_over, told
from redshank.flows.machine import prefetch
from redshank.flows.pools import give_row
from redshank.flows.slots import remove
from redshank.flows.table import BUCKETS, Int, Memory, Record, all_buckets, all_rows, all_slots

BUCKET_BITS = 27
"""A bucket is 2**27 ns = 0.13 s wide, one turn of the wheel 550 s: longer than the longest default timeout."""
VISITS = 512
"""Rows that one packet looks at: the flows of a capture whose clock jumps to and fro must not be walked each time."""


@lean_kernel
def due(row: Record) -> Int:
    """Return when a row must be looked at."""
    return min(row.deadline_ns, row.due_ns)


@lean_kernel
def link(t: Memory, index: Int) -> None:
    """Put a row into the bucket of its time, or into the last one of this turn if that lies beyond it."""
    row = all_rows(t)[index]
    tick = t.tick
    at = min(max(due(row) >> BUCKET_BITS, tick), tick + BUCKETS - 1) % BUCKETS
    head = np.int64(all_buckets(t)[at])
    row.bucket = at
    row.previous = -1
    row.next = head
    if head >= 0:
        all_rows(t)[head].previous = index
    all_buckets(t)[at] = index


@lean_kernel
def unlink(t: Memory, index: Int) -> None:
    """Take a row out of its bucket."""
    row = all_rows(t)[index]
    if row.previous >= 0:
        all_rows(t)[row.previous].next = row.next
    else:
        all_buckets(t)[row.bucket] = row.next
    if row.next >= 0:
        all_rows(t)[row.next].previous = row.previous


@lean_kernel
def end(t: Memory, index: Int, reason: Int) -> None:
    """Send out a flow's last row and free its place."""
    emit(t, index, reason)
    remove(all_slots(t), all_rows(t)[index].tag, index)
    unlink(t, index)
    give_row(t, index)
    t.live -= 1


@lean_kernel
def settle(t: Memory, index: Int, clock: Int, limits: Record) -> bool:
    """Do what is due for a flow by `clock`: an interim row, its end; tell whether it ended.

    An interim row is due only so long before the flow's deadline, even if both passed since anybody looked.
    """
    row = all_rows(t)[index]
    if row.due_ns <= clock and row.due_ns < row.deadline_ns:
        if row.packets > row.said and row.due_ns + limits.interim // 2 < row.deadline_ns:
            emit(t, index, BY_TIME)
            told(row, row.due_ns, limits)
        pass_over(row, clock, limits)
    if row.deadline_ns > clock:
        return False
    end(t, index, CLOSED if row.delete_ns > 0 else IDLE)
    return True


@lean_kernel
def sweep(t: Memory, clock: Int, limits: Record) -> bool:
    """Settle flows whose bucket has passed; after a step in time only some at each call.

    Returns:
        False if there was no room for their rows.
    """
    visits = 0
    target = clock >> BUCKET_BITS
    t.tick = max(t.tick, target - BUCKETS)
    while t.tick < target:
        index = np.int64(all_buckets(t)[t.tick % BUCKETS])
        while index >= 0:
            if visits == VISITS:
                return True
            if not room(t):
                return False
            visits += 1
            following = np.int64(all_rows(t)[index].next)
            if following >= 0:
                for line in range(4):
                    prefetch(all_rows(t), following, 64 * line)
            if due(all_rows(t)[index]) > clock or not settle(t, index, clock, limits):
                unlink(t, index)
                link(t, index)  # its time lies in a later bucket than this
            index = following
        t.tick += 1
    return True
