"""Rows that go out: copies of what the table holds of a flow at one moment.

In: a row of the table. Out: the same in the arrays of rows that go out, with the first bytes of both directions joined.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.prefix import TCP_BYTES, join, renew
from redshank.flows.metering.table import (
    FIRST,
    Int,
    Memory,
    Record,
    all_ends,
    all_more,
    all_parents,
    all_rows,
    out_data,
    out_ends,
    out_more,
    out_parents,
    out_pieces,
    out_rows,
    out_streams,
)

REASONS = ("closed", "idle", "evicted", "end_of_input", "packets", "time")
"""Texts of ROW.reason. closed: both sides ended it, or its tuple began anew; idle: nothing came for the timeout.
The last two are those of interim rows."""
CLOSED, IDLE, EVICTED, END_OF_INPUT, BY_PACKETS, BY_TIME = range(6)
INTERIM = BY_PACKETS
"""The first reason of an interim row."""

SPARE_ROWS = 16
"""Rows that taking one packet may send out at most."""


@lean_kernel
def room(t: Memory) -> bool:
    """Tell whether there is room for all rows that one packet may send out."""
    return bool(t.out + SPARE_ROWS <= len(out_rows(t)) and t.out_bytes + 2 * SPARE_ROWS * TCP_BYTES <= len(out_data(t)))


@lean_kernel
def _first_bytes(t: Memory, place: Int, interim: bool) -> Int:  # noqa: FBT001  kernels take positional flags
    """Join the first bytes of a direction at the end of `data`; return where they end."""
    at = t.out_bytes
    end = all_ends(t)[place]
    if end.prefix_at == 0:
        return at
    length = join(t, end, out_data(t), at, out_pieces(t))
    if length < 0:
        t.lost += 1
        return at
    if interim and length > 0:
        renew(t, end, out_data(t), at, length, out_pieces(t))
    t.out_bytes = at + length
    return at + length


@lean_kernel
def _send_more(row: Record, more: Record, sent: Record) -> None:
    """Copy what is set of a MORE, by cache lines."""
    for n in range(FIRST):
        sent.firsts[n] = more.firsts[n]
    if row.packets > FIRST // 2:
        for n in range(FIRST, 2 * FIRST):
            sent.firsts[n] = more.firsts[n]
    if row.pauses > 0:
        sent.burst_packets, sent.burst_bytes = more.burst_packets, more.burst_bytes
        sent.burst_max_packets, sent.burst_max_bytes = more.burst_max_packets, more.burst_max_bytes
        sent.idle_sum, sent.idle_max = more.idle_sum, more.idle_max


@lean_kernel
def emit(t: Memory, index: Int, reason: Int) -> None:
    """Send out a row; the caller made sure that there is room."""
    row = all_rows(t)[index]
    place = t.out
    t.out = place + 1
    out_rows(t)[place] = all_rows(t)[index]
    sent = out_rows(t)[place]
    sent.reason = reason
    sent.next = index
    out_ends(t)[2 * place] = all_ends(t)[row.orig_end]
    out_ends(t)[2 * place + 1] = all_ends(t)[row.resp_end]
    if row.more > 0:
        _send_more(row, all_more(t)[row.more], out_more(t)[place])
    if row.parents > 0:
        for word in range(4):
            out_parents(t)[4 * place + word] = all_parents(t)[4 * index + word]
    stream = out_streams(t)[place]
    interim = reason >= INTERIM
    stream.client_at = t.out_bytes
    stream.client_end = _first_bytes(t, 0 + row.orig_end, interim)
    stream.server_at = stream.client_end
    stream.server_end = _first_bytes(t, 0 + row.resp_end, interim)
    stream.proto = row.proto
    stream.orig_port = row.a_port if row.orig_is_a else row.b_port
    stream.resp_port = row.b_port if row.orig_is_a else row.a_port
