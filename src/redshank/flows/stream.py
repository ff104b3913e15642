"""Which bytes of a TCP direction were seen, and which never were: gaps, as Zeek counts them.

In: stretches of sequence space with data, and acknowledgements. Out: `missed_bytes` and history letter g of the ROW.
No payload is kept. A hole becomes a gap when the peer acknowledges past it: then the data existed and we did not see
it. Only cleanly established connections report gaps: elsewhere they are mostly wrong sequence numbers.
Source: Zeek's manual on missed_bytes and content_gap, and its reassembler's documented limits
(tcp_max_initial_window, tcp_max_above_hole_without_any_acks, tcp_excessive_data_without_further_acks).
"""

from redshank.core.kernel import kernel
from redshank.flows.history import FIRST_SCALED, scaled
from redshank.flows.table import BLOCKS, Int, Record

INACTIVE, SYN_SENT, SYN_ACK_SENT, PARTIAL, ESTABLISHED, CLOSED, RESET = range(7)
"""States of an end. PARTIAL: it spoke, but no SYN of it was seen."""

MAX_UNACKNOWLEDGED = 16_384
"""Bytes without any acknowledgement after which we assume that we do not see the peer."""
MAX_BUFFERED = 10 * 1024 * 1024


@kernel
def full(number: Int, wraps: Int) -> Int:
    """Return a 32-bit sequence number in a space that does not wrap."""
    return (wraps << 32) + number


@kernel
def nothing_acknowledged(end: Record) -> bool:
    """Tell whether no data of `end` was acknowledged yet (its SYN may have been)."""
    ack = full(end.ack_seq, end.ack_wraps)
    return bool(ack in (end.start_seq, end.start_seq + 1))


@kernel
def sent_bytes(end: Record, peer: Record) -> Int:
    """Return the payload bytes of `end` by its sequence numbers, or by what the peer acknowledged if that is more."""
    if (
        end.previous_state == SYN_SENT
        and end.state == RESET
        and peer.state == INACTIVE
        and not nothing_acknowledged(end)
    ):
        return 0  # a half-open connection was found out and aborted: its numbers mean nothing
    size = max(full(end.last_seq, end.seq_wraps), full(end.ack_seq, end.ack_wraps)) - end.start_seq
    if size > 0:
        size -= 1  # the SYN
    if end.fins > 0 and size > 0:
        size -= 1  # the FIN
    return max(size, 0)


@kernel
def has_blocks(end: Record) -> bool:
    """Tell whether data of `end` waits for its acknowledgement."""
    return bool(end.data_end > end.trimmed)


@kernel
def data_pending(end: Record, peer: Record) -> bool:
    """Tell whether data of `end` is still missing, or data of its peer unacknowledged: it did not really close yet."""
    if end.given_up:
        return False
    delivered = end.start_seq + end.delivered
    last = full(end.last_seq, end.seq_wraps)
    if last < delivered:
        return False
    if delivered not in (last - 1, last):
        return True
    return bool(end.state != RESET and has_blocks(peer))


@kernel
def _clean(end: Record) -> bool:
    return bool(end.state == ESTABLISHED or (end.state == CLOSED and end.previous_state == ESTABLISHED))


@kernel
def _gap(row: Record, end: Record, peer: Record, side: Int, length: Int) -> None:
    if length > 0 and _clean(end) and _clean(peer):
        end.gaps += 1
        scaled(row, end.gaps, FIRST_SCALED + 1, side)
        row.missed_bytes += length


@kernel
def _absorb(end: Record) -> None:
    """Deliver the blocks that the delivered stretch has reached, and forget them."""
    kept = 0
    for k in range(end.blocks):
        if end.block_start[k] <= end.delivered:
            end.delivered = max(end.delivered, end.block_end[k])
        else:
            end.block_start[kept] = end.block_start[k]
            end.block_end[kept] = end.block_end[k]
            kept += 1
    end.blocks = kept


@kernel
def _give_up(end: Record) -> None:
    end.blocks = 0
    end.data_end = end.trimmed
    end.given_up = 1


@kernel
def _insert_block(end: Record, start: Int, stop: Int) -> None:
    """Remember [start, stop) above a hole, merged with what it touches; dropped if there is no room."""
    first = 0
    while first < end.blocks and end.block_end[first] < start:
        first += 1
    after = first
    while after < end.blocks and end.block_start[after] <= stop:
        start = min(start, end.block_start[after])
        stop = max(stop, end.block_end[after])
        after += 1
    merged = after - first
    if merged == 0:
        if end.blocks == BLOCKS:
            return
        for k in range(end.blocks, first, -1):
            end.block_start[k] = end.block_start[k - 1]
            end.block_end[k] = end.block_end[k - 1]
        end.blocks += 1
    elif merged > 1:
        for k in range(after, end.blocks):
            end.block_start[k - merged + 1] = end.block_start[k]
            end.block_end[k - merged + 1] = end.block_end[k]
        end.blocks -= merged - 1
    end.block_start[first] = start
    end.block_end[first] = stop


@kernel
def data_seen(end: Record, peer: Record, start: Int, length: Int) -> None:
    """Note that `length` bytes from relative number `start` on were captured."""
    if end.given_up:
        return
    stop = start + length
    if stop <= end.trimmed:
        return
    start = max(start, end.trimmed)
    end.data_end = max(end.data_end, stop)
    if start <= end.delivered:
        if stop > end.delivered:
            end.delivered = stop
            _absorb(end)
        if nothing_acknowledged(end) and sent_bytes(end, peer) > MAX_UNACKNOWLEDGED:
            end.trimmed = end.delivered
            end.data_end = max(end.data_end, end.trimmed)
    else:
        _insert_block(end, start, stop)
    if has_blocks(end) and nothing_acknowledged(end) and end.data_end - end.delivered > MAX_UNACKNOWLEDGED:
        _give_up(end)
        return
    buffered = max(end.delivered - end.trimmed, 0)
    for k in range(end.blocks):
        buffered += end.block_end[k] - end.block_start[k]
    if buffered > MAX_BUFFERED:
        _give_up(end)


@kernel
def acknowledged(row: Record, end: Record, peer: Record, side: Int, number: Int) -> bool:
    """Take note that the peer acknowledged all of `end` below relative `number`; holes below become gaps.

    Args:
        row: The flow.
        end: The end whose data is acknowledged.
        peer: The other end.
        side: 0 if `end` is the originator.
        number: Relative to `end.start_seq`.

    Returns:
        Whether anything moved.
    """
    if end.fins > 0 and number >= end.fin_seq:
        number = end.fin_seq - 1
    if number <= end.trimmed:
        return False
    if number > end.delivered and not (number <= 2 and row.partial):
        if not end.given_up:
            while end.blocks > 0 and end.block_start[0] < number:
                _gap(row, end, peer, side, end.block_start[0] - end.delivered)
                end.delivered = end.block_start[0]
                _absorb(end)
            _gap(row, end, peer, side, number - end.delivered)
        end.delivered = max(end.delivered, number)
        _absorb(end)
    end.trimmed = number
    return True
