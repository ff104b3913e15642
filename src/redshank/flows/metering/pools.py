"""Places in the pools of the flow table: taken when needed, given back when a flow ends.

In: the table. Out: numbers of records. A free record holds the number of the next free one; which record a flow gets
never shows in any result.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.machine import prefetch
from redshank.flows.metering.table import (
    EVICTION_SAMPLE,
    IN_ORDER,
    OUT_OF_ORDER,
    Int,
    Memory,
    Record,
    all_ends,
    all_holes,
    all_more,
    all_rows,
    clear,
)


@lean_kernel
def take_row(t: Memory) -> Int:
    """Return an unused row, or -1 if the table is full."""
    index = t.free_row
    if index >= 0:
        t.free_row = all_rows(t)[index].next
    elif t.started_row < len(all_rows(t)):
        index = t.started_row
        t.started_row += 1
    following = t.free_row if t.free_row >= 0 else t.started_row
    for line in range(0, 256, 64):
        prefetch(all_rows(t), following, line)
    return index


@lean_kernel
def give_row(t: Memory, index: Int) -> None:
    """Give back a row and all that belongs to it."""
    row = all_rows(t)[index]
    for place in (row.orig_end, row.resp_end):
        if place > 0:
            _give_end(t, place)
    if row.more > 0:
        all_more(t)[row.more].firsts[0] = t.free_more
        t.free_more = row.more
    row.live = 0
    row.next = t.free_row
    t.free_row = index


@lean_kernel
def _give_end(t: Memory, place: Int) -> None:
    end = all_ends(t)[place]
    if end.hole > 0:
        give_hole(t, end)
    end.packets = t.free_end
    t.free_end = place


@lean_kernel
def end_of(t: Memory, index: Int, side: Int) -> Int:
    """Return the END of a side, made if need be: there is one for each side of each row."""
    row = all_rows(t)[index]
    place = whole(row.orig_end) if side == 0 else whole(row.resp_end)
    if place > 0:
        return place
    place = t.free_end
    if place > 0:
        t.free_end = all_ends(t)[place].packets
    else:
        place = t.started_end
        t.started_end += 1
    following = t.free_end if t.free_end > 0 else t.started_end
    for line in range(0, 192, 64):
        prefetch(all_ends(t), following, line)
    clear(all_ends(t)[place])
    if side == 0:
        row.orig_end = place
    else:
        row.resp_end = place
    return place


@lean_kernel
def more_of(t: Memory, index: Int) -> Int:
    """Return the MORE of a row, made if need be: there is one for each row."""
    row = all_rows(t)[index]
    if row.more > 0:
        return whole(row.more)
    place = t.free_more
    if place > 0:
        t.free_more = whole(all_more(t)[place].firsts[0])
    else:
        place = t.started_more
        t.started_more += 1
    following = t.free_more if t.free_more > 0 else t.started_more
    for line in range(0, 256, 64):
        prefetch(all_more(t), following, line)
    row.more = place
    more = all_more(t)[place]
    for side in range(2):
        more.retransmits[side] = more.content_gaps[side] = 0
        more.zero_windows[side] = more.bad_checksums[side] = 0
    return place


@lean_kernel
def hole_of(t: Memory, end: Record) -> Int:
    """Return the HOLE of an end, made if need be, or 0 if there is none left."""
    if end.hole > 0:
        return whole(end.hole)
    place = t.free_hole
    if place > 0:
        t.free_hole = all_holes(t)[place].start[0]
    elif t.started_hole < len(all_holes(t)):
        place = t.started_hole
        t.started_hole += 1
    else:
        return 0
    all_holes(t)[place].blocks = 0
    end.hole = place
    end.order = OUT_OF_ORDER
    return place


@lean_kernel
def give_hole(t: Memory, end: Record) -> None:
    """Give back the HOLE of an end that has one."""
    all_holes(t)[end.hole].start[0] = t.free_hole
    t.free_hole = end.hole
    end.hole = 0
    end.order = IN_ORDER


@lean_kernel
def whole(value: Int) -> Int:
    """Return a small integer as the 64-bit one that indices are."""
    return 0 + value


@lean_kernel
def victim(t: Memory) -> Int:
    """Choose the flow that a full table gives up.

    Of the next EVICTION_SAMPLE rows in a circle: a flow of one packet before one of more, then the least recently
    active.
    """
    rows = all_rows(t)
    best = -1
    best_single = False
    best_ns = 0
    for _ in range(min(EVICTION_SAMPLE, len(rows))):
        index = t.hand
        t.hand = (index + 1) % len(rows)
        single = rows[index].packets <= 1
        better = single and not best_single
        if single == best_single and rows[index].last_ns < best_ns:
            better = True
        if best < 0 or better:
            best, best_single, best_ns = index, single, rows[index].last_ns
    return best
