"""The timer wheel: which flows end or are told as packet time goes on, without looking at all of them.

In: the clock. Out: rows of flows that end, whose places are free again, and interim rows.
Each row stands in the bucket of the time at which it is due. A row whose time moved later is moved when its bucket
comes up, so a packet costs no wheel work; a step in time costs at most one turn of the wheel. What is due and was not
looked at yet is settled before the flow's next packet: when anybody looks changes no row. A bucket is a list of nodes
full of rows, so that the rows of a node can be fetched from memory together.
Source: Varghese and Lauck, Hashed and hierarchical timing wheels, SOSP 1987.
"""

import numpy as np

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.emit import BY_TIME, CLOSED, IDLE, emit, room
from redshank.flows.metering.interim import pass_over, told
from redshank.flows.metering.machine import prefetch
from redshank.flows.metering.pools import give_row
from redshank.flows.metering.prefix import add_chain, fetch_chains
from redshank.flows.metering.slots import remove
from redshank.flows.metering.table import (
    BUCKETS,
    FIRST,
    NODE,
    Int,
    Memory,
    Record,
    all_buckets,
    all_crowds,
    all_ends,
    all_more,
    all_nodes,
    all_rows,
    all_slots,
    out_pieces,
)

BUCKET_BITS = 27
"""A bucket is 2**27 ns = 0.13 s wide, one turn of the wheel 550 s: longer than the longest default timeout."""
_LINE = 64
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
    bucket = min(max(due(row) >> BUCKET_BITS, t.tick), t.tick + BUCKETS - 1) % BUCKETS
    nodes, crowds, buckets = all_nodes(t), all_crowds(t), all_buckets(t)
    stands = np.int64(crowds[bucket]) % (NODE - 1)
    if stands == 0:
        node = t.free_node
        if node >= 0:
            t.free_node = np.int64(nodes[NODE * node])
        else:
            node = t.started_node
            t.started_node += 1
        nodes[NODE * node] = buckets[bucket]
        buckets[bucket] = node
    place = NODE * np.int64(buckets[bucket]) + 1 + stands
    nodes[place] = index
    crowds[bucket] += 1
    row.bucket = bucket
    row.place = place


@lean_kernel
def unlink(t: Memory, index: Int) -> None:
    """Take a row out of its bucket; the bucket's newest takes its place."""
    rows, nodes, crowds, buckets = all_rows(t), all_nodes(t), all_crowds(t), all_buckets(t)
    row = rows[index]
    bucket = np.int64(row.bucket)
    node = np.int64(buckets[bucket])
    crowds[bucket] -= 1
    stands = np.int64(crowds[bucket]) % (NODE - 1)
    newest = np.int64(nodes[NODE * node + 1 + stands])
    if newest != index:
        nodes[row.place] = newest
        rows[newest].place = row.place
    if stands == 0:
        buckets[bucket] = nodes[NODE * node]
        nodes[NODE * node] = t.free_node
        t.free_node = node


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
def _tells(row: Record, clock: Int) -> bool:
    """Tell whether a row goes out by `clock`, most likely."""
    return bool(row.deadline_ns <= clock or (row.due_ns <= clock and row.packets > row.said))


@lean_kernel
def _fetch(t: Memory, node: Int, first: Int, last: Int, clock: Int) -> None:
    """Ask for the memory of rows that stand in a node, in three steps, each of which the one before makes known."""
    rows, ends, nodes = all_rows(t), all_ends(t), all_nodes(t)
    mask = len(all_slots(t)) - 1
    for stands in range(first, last):
        index = np.int64(nodes[NODE * node + 1 + stands])
        prefetch(rows, index, _LINE)
        prefetch(rows, index, 2 * _LINE)
    for stands in range(first, last):
        index = np.int64(nodes[NODE * node + 1 + stands])
        row = rows[index]
        if _tells(row, clock):
            prefetch(rows, index, 0)
            prefetch(rows, index, 3 * _LINE)
            for line in range(0, 192, _LINE):
                prefetch(ends, np.int64(row.orig_end), line)
                prefetch(ends, np.int64(row.resp_end), line)
            if row.more > 0:
                prefetch(all_more(t), np.int64(row.more), 0)
                prefetch(all_more(t), np.int64(row.more), _LINE if row.packets > FIRST // 2 else 0)
                prefetch(all_more(t), np.int64(row.more), 2 * _LINE)
            prefetch(all_slots(t), np.int64(row.tag) & mask, 0)
    chains = 0
    for stands in range(first, last):
        row = rows[nodes[NODE * node + 1 + stands]]
        if _tells(row, clock):
            for place in (row.orig_end, row.resp_end):
                chains = add_chain(t, ends[place], chains, out_pieces(t))
    fetch_chains(t, chains, out_pieces(t))


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
        bucket = t.tick % BUCKETS
        crowd = np.int64(all_crowds(t)[bucket])
        if crowd == 0:
            t.tick += 1
            continue
        if visits >= VISITS:
            return True
        node, here = np.int64(all_buckets(t)[bucket]), (crowd - 1) % (NODE - 1) + 1
        _fetch(t, node, 0, here, clock)
        for stands in range(here - 1, -1, -1):
            if not room(t):
                return False
            visits += 1
            index = np.int64(all_nodes(t)[NODE * node + 1 + stands])
            if due(all_rows(t)[index]) > clock or not settle(t, index, clock, limits):
                unlink(t, index)
                link(t, index)  # its time lies in a later bucket than this
    return True
