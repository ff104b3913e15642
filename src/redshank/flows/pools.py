"""Places in the pools of the flow table: taken when needed, given back when a flow ends.

In: the table. Out: numbers of records. A free record holds the number of the next free one; which record a flow gets
never shows in any result.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.table import (
    EVICTION_SAMPLE,
    FREE_END,
    FREE_HOLE,
    FREE_MORE,
    FREE_ROW,
    HAND,
    STARTED_END,
    STARTED_HOLE,
    STARTED_MORE,
    STARTED_ROW,
    Int,
    Record,
    Table,
    clear,
)


@lean_kernel
def take_row(t: Table) -> Int:
    """Return an unused row, or -1 if the table is full."""
    index = t.state[FREE_ROW]
    if index >= 0:
        t.state[FREE_ROW] = t.rows[index].next
        return index
    if t.state[STARTED_ROW] < len(t.rows):
        t.state[STARTED_ROW] += 1
        return t.state[STARTED_ROW] - 1
    return -1


@lean_kernel
def give_row(t: Table, index: Int) -> None:
    """Give back a row and all that belongs to it."""
    row = t.rows[index]
    for place in (row.orig_end, row.resp_end):
        if place > 0:
            _give_end(t, place)
    if row.more > 0:
        t.more[row.more].burst_packets = t.state[FREE_MORE]
        t.state[FREE_MORE] = row.more
    row.live = 0
    row.next = t.state[FREE_ROW]
    t.state[FREE_ROW] = index


@lean_kernel
def _give_end(t: Table, place: Int) -> None:
    end = t.ends[place]
    if end.hole > 0:
        give_hole(t, end)
    end.packets = t.state[FREE_END]
    t.state[FREE_END] = place


@lean_kernel
def end_of(t: Table, index: Int, side: Int) -> Int:
    """Return the END of a side, made if need be: there is one for each side of each row."""
    row = t.rows[index]
    place = whole(row.orig_end) if side == 0 else whole(row.resp_end)
    if place > 0:
        return place
    place = t.state[FREE_END]
    if place > 0:
        t.state[FREE_END] = t.ends[place].packets
    else:
        place = t.state[STARTED_END]
        t.state[STARTED_END] += 1
    clear(t.ends[place])
    if side == 0:
        row.orig_end = place
    else:
        row.resp_end = place
    return place


@lean_kernel
def more_of(t: Table, index: Int) -> Int:
    """Return the MORE of a row, made if need be: there is one for each row."""
    row = t.rows[index]
    if row.more > 0:
        return whole(row.more)
    place = t.state[FREE_MORE]
    if place > 0:
        t.state[FREE_MORE] = t.more[place].burst_packets
    else:
        place = t.state[STARTED_MORE]
        t.state[STARTED_MORE] += 1
    row.more = place
    more = t.more[place]
    for side in range(2):
        more.retransmits[side] = more.content_gaps[side] = 0
        more.zero_windows[side] = more.bad_checksums[side] = 0
    return place


@lean_kernel
def hole_of(t: Table, end: Record) -> Int:
    """Return the HOLE of an end, made if need be, or 0 if there is none left."""
    if end.hole > 0:
        return whole(end.hole)
    place = t.state[FREE_HOLE]
    if place > 0:
        t.state[FREE_HOLE] = t.holes[place].start[0]
    elif t.state[STARTED_HOLE] < len(t.holes):
        place = t.state[STARTED_HOLE]
        t.state[STARTED_HOLE] += 1
    else:
        return 0
    t.holes[place].blocks = 0
    end.hole = place
    return place


@lean_kernel
def give_hole(t: Table, end: Record) -> None:
    """Give back the HOLE of an end that has one."""
    t.holes[end.hole].start[0] = t.state[FREE_HOLE]
    t.state[FREE_HOLE] = end.hole
    end.hole = 0


@lean_kernel
def whole(value: Int) -> Int:
    """Return a small integer as the 64-bit one that indices are."""
    return 0 + value


@lean_kernel
def victim(t: Table) -> Int:
    """Choose the flow that a full table gives up.

    Of the next EVICTION_SAMPLE rows in a circle: a flow of one packet before one of more, then the least recently
    active.
    """
    rows, state = t.rows, t.state
    best = -1
    best_single = False
    best_ns = 0
    for _ in range(min(EVICTION_SAMPLE, len(rows))):
        index = state[HAND]
        state[HAND] = (index + 1) % len(rows)
        single = rows[index].packets <= 1
        better = single and not best_single
        if single == best_single and rows[index].last_ns < best_ns:
            better = True
        if best < 0 or better:
            best, best_single, best_ns = index, single, rows[index].last_ns
    return best
