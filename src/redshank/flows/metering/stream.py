"""Which bytes of a TCP direction were seen, and which never were: gaps, as Zeek counts them.

In: stretches of sequence space with data, and acknowledgements. Out: `missed_bytes` and history letter g of the ROW.
No payload is kept. A hole becomes a gap when the peer acknowledges past it: then the data existed and we did not see
it. Only cleanly established connections report gaps: elsewhere they are mostly wrong sequence numbers.
Source: Zeek's manual on missed_bytes and content_gap, and its reassembler's documented limits
(tcp_max_initial_window, tcp_max_above_hole_without_any_acks, tcp_excessive_data_without_further_acks).
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.history import GAP, scaled
from redshank.flows.metering.pools import give_hole, hole_of, more_of
from redshank.flows.metering.table import (
    BLOCKS,
    GIVEN_UP,
    OUT_OF_ORDER,
    Int,
    Memory,
    Record,
    all_holes,
    all_more,
    all_rows,
)

INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET = range(7)
"""States of an end. PARTIAL: it spoke, but no SYN of it was seen."""

MAX_UNACKNOWLEDGED = 16_384
"""Bytes without any acknowledgement after which we assume that we do not see the peer."""
MAX_BUFFERED = 10 * 1024 * 1024


@lean_kernel
def nothing_acknowledged(end: Record) -> bool:
    """Tell whether no data of `end` was acknowledged yet (its SYN may have been)."""
    return bool(end.acked - end.start_seq in (0, 1))


@lean_kernel
def sent_bytes(end: Record, peer: Record) -> Int:
    """Return the payload bytes of `end` by its sequence numbers, or by what the peer acknowledged if that is more."""
    if (
        end.previous_state == SYN_SENT
        and end.state == RESET
        and peer.state == INACTIVE
        and not nothing_acknowledged(end)
    ):
        return 0  # a half-open connection was found out and aborted: its numbers mean nothing
    size = max(end.last, end.acked) - end.start_seq
    if size > 0:
        size -= 1  # the SYN
    if end.fin > 0 and size > 0:
        size -= 1  # the FIN
    return max(size, 0)


@lean_kernel
def has_blocks(end: Record) -> bool:
    """Tell whether data of `end` waits for its acknowledgement."""
    return bool(end.reach > end.trimmed)


@lean_kernel
def data_pending(end: Record, peer: Record) -> bool:
    """Tell whether data of `end` is still missing, or data of its peer unacknowledged: it did not really close yet."""
    if end.order == GIVEN_UP:
        return False
    delivered = end.start_seq + end.delivered
    last = end.last
    if last < delivered:
        return False
    if delivered not in (last - 1, last):
        return True
    return bool(end.state != RESET and has_blocks(peer))


@lean_kernel
def _clean(end: Record) -> bool:
    return bool(end.state == ESTABLISHED or (end.state == CLOSED and end.previous_state == ESTABLISHED))


@lean_kernel
def _gap(t: Memory, index: Int, end: Record, peer: Record, side: Int, length: Int) -> None:
    if length > 0 and _clean(end) and _clean(peer):
        row, more = all_rows(t)[index], all_more(t)[more_of(t, index)]
        more.content_gaps[side] += 1
        row.history_seen |= 1 << GAP  # of either side: lookup.py looks at it
        scaled(row, more.content_gaps[side], GAP, side)
        row.missed_bytes += length


@lean_kernel
def _absorb(t: Memory, end: Record) -> None:
    """Deliver the blocks that the delivered stretch has reached, and forget them."""
    if end.order != OUT_OF_ORDER:
        return
    hole = all_holes(t)[end.hole]
    kept = 0
    for k in range(hole.blocks):
        if hole.start[k] <= end.delivered:
            end.delivered = max(end.delivered, hole.end[k])
        else:
            hole.start[kept] = hole.start[k]
            hole.end[kept] = hole.end[k]
            kept += 1
    hole.blocks = kept
    if kept == 0:
        give_hole(t, end)


@lean_kernel
def give_up(t: Memory, end: Record) -> None:
    """Look for no more gaps in what `end` sends."""
    if end.hole > 0:
        give_hole(t, end)
    end.reach = end.trimmed
    end.order = GIVEN_UP


@lean_kernel
def _insert_block(t: Memory, end: Record, start: Int, stop: Int) -> None:
    """Remember [start, stop) above a hole, merged with what it touches; dropped if there is no room."""
    place = hole_of(t, end)
    if place == 0:
        return
    hole = all_holes(t)[place]
    first = 0
    while first < hole.blocks and hole.end[first] < start:
        first += 1
    after = first
    while after < hole.blocks and hole.start[after] <= stop:
        start = min(start, hole.start[after])
        stop = max(stop, hole.end[after])
        after += 1
    merged = after - first
    if merged == 0:
        if hole.blocks == BLOCKS:
            return
        for k in range(hole.blocks, first, -1):
            hole.start[k] = hole.start[k - 1]
            hole.end[k] = hole.end[k - 1]
        hole.blocks += 1
    elif merged > 1:
        for k in range(after, hole.blocks):
            hole.start[k - merged + 1] = hole.start[k]
            hole.end[k - merged + 1] = hole.end[k]
        hole.blocks -= merged - 1
    hole.start[first] = start
    hole.end[first] = stop


@lean_kernel
def data_seen(t: Memory, end: Record, peer: Record, start: Int, length: Int) -> None:
    """Note that `length` bytes from relative number `start` on were captured."""
    if end.order == GIVEN_UP:
        return
    stop = start + length
    if stop <= end.trimmed:
        return
    start = max(start, end.trimmed)
    end.reach = max(end.reach, stop)
    if start <= end.delivered:
        if stop > end.delivered:
            end.delivered = stop
            _absorb(t, end)
        if nothing_acknowledged(end) and sent_bytes(end, peer) > MAX_UNACKNOWLEDGED:
            end.trimmed = end.delivered
            end.reach = max(end.reach, end.trimmed)
    else:
        _insert_block(t, end, start, stop)
    if has_blocks(end) and nothing_acknowledged(end) and end.reach - end.delivered > MAX_UNACKNOWLEDGED:
        give_up(t, end)
        return
    buffered = max(end.delivered - end.trimmed, 0)
    if end.order == OUT_OF_ORDER:
        hole = all_holes(t)[end.hole]
        for k in range(hole.blocks):
            buffered += hole.end[k] - hole.start[k]
    if buffered > MAX_BUFFERED:
        give_up(t, end)


@lean_kernel
def acknowledged(t: Memory, index: Int, end: Record, peer: Record, side: Int, number: Int) -> bool:
    """Take note that the peer acknowledged all of `end` below relative `number`; holes below become gaps.

    Args:
        t: The table.
        index: The flow's row.
        end: The end whose data is acknowledged.
        peer: The other end.
        side: 0 if `end` is the originator.
        number: Relative to `end.start_seq`.

    Returns:
        Whether anything moved.
    """
    if end.fin > 0 and number >= end.fin_seq:
        number = end.fin_seq - 1
    if number <= end.trimmed:
        return False
    if number > end.delivered and not (number <= 2 and all_rows(t)[index].partial):
        if end.order != GIVEN_UP:
            while end.order == OUT_OF_ORDER and all_holes(t)[end.hole].start[0] < number:
                start = all_holes(t)[end.hole].start[0]
                _gap(t, index, end, peer, side, start - end.delivered)
                end.delivered = start
                _absorb(t, end)
            _gap(t, index, end, peer, side, number - end.delivered)
        end.delivered = max(end.delivered, number)
        _absorb(t, end)
    end.trimmed = number
    return True
