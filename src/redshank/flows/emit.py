"""Rows that go out: copies of what the table holds of a flow at one moment.

In: a row of the table. Out: the same in the arrays of OUT, with the first bytes of both directions joined.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.prefix import PIECES, TCP_BYTES, join, renew
from redshank.flows.service import STREAM
from redshank.flows.table import END, MORE, OUT, OUT_BYTES, ROW, Int, Records, Table

REASONS = ("closed", "idle", "evicted", "end_of_input", "packets", "time")
"""Texts of ROW.reason. closed: both sides ended it, or its tuple began anew; idle: nothing came for the timeout.
The last two are those of interim rows."""
CLOSED, IDLE, EVICTED, END_OF_INPUT, BY_PACKETS, BY_TIME = range(6)
INTERIM = BY_PACKETS
"""The first reason of an interim row."""

DATA_BYTES = 1 << 22
SPARE_ROWS = 8
"""Rows that taking one packet may send out at most."""


class Out(NamedTuple):
    """Room for rows that go out.

    Args:
        rows: [n] ROW; `next` is where the flow lies in the table.
        more: [n] MORE, of flows that have it.
        ends: [2 n] END: originator, responder.
        parents: [n, 4] uint64, of flows that came through a tunnel.
        streams: [n] STREAM: where first bytes lie in `data`.
        data: [DATA_BYTES] uint8.
        pieces: [PIECES] int64, for `prefix.join`.
        lost: [1] int64: directions whose first bytes were overwritten before.
    """

    rows: Records
    more: Records
    ends: Records
    parents: npt.NDArray[np.uint64]
    streams: Records
    data: npt.NDArray[np.uint8]
    pieces: npt.NDArray[np.int64]
    lost: npt.NDArray[np.int64]


def make(rows: int) -> Out:
    """Make room for so many rows."""
    return Out(
        rows=np.zeros(rows, ROW),
        more=np.zeros(rows, MORE),
        ends=np.zeros(2 * rows, END),
        parents=np.zeros((rows, 4), np.uint64),
        streams=np.zeros(rows, STREAM),
        data=np.zeros(DATA_BYTES, np.uint8),
        pieces=np.zeros(PIECES, np.int64),
        lost=np.zeros(1, np.int64),
    )


@lean_kernel
def room(t: Table, out: Out) -> bool:
    """Tell whether there is room for all rows that one packet may send out."""
    return bool(
        t.state[OUT] + SPARE_ROWS <= len(out.rows) and t.state[OUT_BYTES] + 2 * SPARE_ROWS * TCP_BYTES <= len(out.data)
    )


@lean_kernel
def _first_bytes(t: Table, out: Out, place: Int, interim: bool) -> Int:  # noqa: FBT001  kernels take positional flags
    """Join the first bytes of a direction at the end of `data`; return where they end."""
    at = t.state[OUT_BYTES]
    end = t.ends[place]
    if end.prefix_at == 0:
        return at
    length = join(t, end, out.data, at, out.pieces)
    if length < 0:
        out.lost[0] += 1
        return at
    if interim and length > 0:
        renew(t, end, out.data, at, length, out.pieces)
    t.state[OUT_BYTES] = at + length
    return at + length


@lean_kernel
def emit(t: Table, out: Out, index: Int, reason: Int) -> None:
    """Send out a row; the caller made sure that there is room."""
    row = t.rows[index]
    place = t.state[OUT]
    t.state[OUT] = place + 1
    out.rows[place] = t.rows[index]
    sent = out.rows[place]
    sent.reason = reason
    sent.next = index
    out.ends[2 * place] = t.ends[row.orig_end]
    out.ends[2 * place + 1] = t.ends[row.resp_end]
    if row.more > 0:
        out.more[place] = t.more[row.more]
    if row.parents > 0:
        for word in range(4):
            out.parents[place, word] = t.parents[index, word]
    stream = out.streams[place]
    interim = reason >= INTERIM
    stream.client_at = t.state[OUT_BYTES]
    stream.client_end = _first_bytes(t, out, 0 + row.orig_end, interim)
    stream.server_at = stream.client_end
    stream.server_end = _first_bytes(t, out, 0 + row.resp_end, interim)
    stream.proto = row.proto
    stream.orig_port = row.a_port if row.orig_is_a else row.b_port
    stream.resp_port = row.b_port if row.orig_is_a else row.a_port
