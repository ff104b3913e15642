"""What rows of the flow table say in numbers: whole columns at once.

In: rows that went out of the meter. Out: arrays of numbers by the name of their column in FLOW, and which of them are
there. One pass over the rows fills all: each row is looked at once, while it is in the cache. BLOCK rows at a time fill
columns of a small block, from which they are divided and copied to where they stay: a processor that writes to fifty
places far apart waits for their addresses, and it divides several numbers at once only where they lie side by side.
Standard deviations are those of the packets seen (divided by n, not n - 1).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.conn_state import payload_bytes
from redshank.flows.metering.machine import prefetch
from redshank.flows.metering.moments import gap_spread, size_spread
from redshank.flows.metering.table import Int, Record, Records

BLOCK = 32
"""Rows of a block."""

_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")


def _both(*names: str) -> tuple[str, ...]:
    return tuple(f"{side}_{name}" for name in names for side in ("src", "dst"))


# Floats stand in the order of what is done to them; _divide knows the places.
FLOATS = (
    *_both("size_min_bytes", "size_max_bytes"),
    *("duration", "idle_max_s", *_both("gap_min_s", "gap_max_s")),
    *_both("size_mean_bytes"),
    *(*_both("gap_mean_s"), "burst_mean_s", "idle_mean_s"),
    *_both("size_std_bytes", "gap_std_s"),
)
DIVISORS = 6
"""Packets of the originator and the responder, gaps of both, bursts, pauses: what means are taken over, 1 at least."""
LONGS = (
    *("ts", "missed_bytes", "burst_max_pkts", "burst_max_bytes"),
    *_both("bytes", "pkts", "ip_bytes", *(f"{flag}_count" for flag in _FLAGS)),
)
INTS = ("src_port", "dst_port", "ip_proto", "vlan", "burst_count")

Floats = npt.NDArray[np.float64]
Longs = npt.NDArray[np.int64]


@lean_kernel
def write_measures(
    rows: Records,
    more: Records,
    ends: Records,
    block: int,
    floats: Floats,
    longs: Longs,
    ints: npt.NDArray[np.int32],
    some_floats: Floats,
    some_longs: Longs,
    some_ints: npt.NDArray[np.int32],
) -> None:
    """Write what a block of rows says in numbers.

    Args:
        rows: ROW records.
        more: MORE records, set where ROW.more is not 0.
        ends: END records, originator and responder of each row.
        block: Which of the blocks it is.
        floats: Columns FLOATS.
        longs: Columns LONGS.
        ints: Columns INTS.
        some_floats: Scratch.
        some_longs: Scratch.
        some_ints: Scratch.

    Shape:
        rows, more: [k], at most BLOCK; ends: [2 k]; floats, longs, ints: [c, blocks, BLOCK];
        some_floats: [len(FLOATS) + DIVISORS, BLOCK]; some_longs, some_ints: [c, BLOCK].
    """
    if block + 1 < floats.shape[1]:
        for column in range(len(floats)):
            _fetch(floats[column, block + 1])
        for column in range(len(longs)):
            _fetch(longs[column, block + 1])
    for k in range(len(rows)):
        row, orig, resp = rows[k], ends[2 * k], ends[2 * k + 1]
        _times(row, more[k], k, some_floats, some_longs)
        _side(orig, 0, k, some_floats, some_longs)
        _side(resp, 1, k, some_floats, some_longs)
        some_longs[4, k] = payload_bytes(row.proto, orig, resp)
        some_longs[5, k] = payload_bytes(row.proto, resp, orig)
        _key(row, k, some_ints)
    _divide(some_floats, floats, block)
    for column in range(len(longs)):
        _copy(some_longs[column], longs[column, block])
    for column in range(len(ints)):
        _copy(some_ints[column], ints[column, block])


@lean_kernel
def _fetch(out: npt.NDArray[Any]) -> None:
    """Fetch what will be written to soon."""
    for line in range(0, 8 * BLOCK, 64):
        prefetch(out, 0, line)


@lean_kernel
def _times(row: Record, more: Record, k: int, floats: Floats, longs: Longs) -> None:
    """Fill the columns of time and of bursts; the burst that lasts follows from the flow's counts."""
    pauses: Int = np.int64(row.pauses)
    packets, size, idle, longest = np.int64(row.packets), np.int64(row.ip_bytes), np.int64(0), np.int64(0)
    if pauses > 0:
        packets = max(np.int64(more.burst_max_packets), packets - np.int64(more.burst_packets))
        size = max(np.int64(more.burst_max_bytes), size - np.int64(more.burst_bytes))
        idle, longest = np.int64(more.idle_sum), np.int64(more.idle_max)
    floats[4, k] = row.last_ns - row.first_ns
    floats[5, k] = longest
    floats[14, k] = max(row.seen_ns - row.first_ns - idle, 0)
    floats[15, k] = idle
    floats[24, k] = pauses + 1
    floats[25, k] = max(pauses, 1)
    longs[0, k] = row.first_ns
    longs[1, k] = row.missed_bytes
    longs[2, k] = packets
    longs[3, k] = size


@lean_kernel
def _side(end: Record, side: int, k: int, floats: Floats, longs: Longs) -> None:
    """Fill the columns of one direction."""
    packets: Int = np.int64(end.packets)
    floats[side, k] = end.size_min
    floats[2 + side, k] = end.size_max
    floats[6 + side, k] = end.gap_min
    floats[8 + side, k] = end.gap_max
    floats[10 + side, k] = end.ip_bytes
    floats[12 + side, k] = end.gap_sum
    floats[16 + side, k] = size_spread(end)
    floats[18 + side, k] = gap_spread(end)
    floats[20 + side, k] = max(packets, 1)
    floats[22 + side, k] = max(packets - 1, 1)
    longs[6 + side, k] = packets
    longs[8 + side, k] = end.ip_bytes
    longs[10 + side, k] = end.fin
    longs[12 + side, k] = end.syn
    longs[14 + side, k] = end.rst
    longs[16 + side, k] = end.psh
    longs[18 + side, k] = packets - np.int64(end.bare)
    longs[20 + side, k] = end.urg
    longs[22 + side, k] = end.ece
    longs[24 + side, k] = end.cwr


@lean_kernel
def _key(row: Record, k: int, ints: npt.NDArray[np.int32]) -> None:
    ints[0, k] = row.a_port if row.orig_is_a else row.b_port
    ints[1, k] = row.b_port if row.orig_is_a else row.a_port
    ints[2, k] = row.proto
    ints[3, k] = row.vlan
    ints[4, k] = 1 + row.pauses


@lean_kernel
def _divide(some: Floats, out: Floats, block: int) -> None:
    """Make means, deviations and seconds of sums, spreads and ns; `some` ends with what they are divided by."""
    for column in range(4):
        _copy(some[column], out[column, block])
    for column in range(4, 10):
        _seconds(some[column], out[column, block])
    for column in range(10, 12):
        _mean(some[column], some[10 + column], out[column, block])
    for column in range(12, 16):
        _mean_seconds(some[column], some[10 + column], out[column, block])
    for column in range(16, 18):
        _deviation(some[column], some[4 + column], out[column, block])
    for column in range(18, 20):
        _deviation_seconds(some[column], some[4 + column], out[column, block])


@lean_kernel
def _copy(some: npt.NDArray[Any], out: npt.NDArray[Any]) -> None:
    for k in range(len(out)):
        out[k] = some[k]


@lean_kernel
def _seconds(ns: Floats, out: Floats) -> None:
    for k in range(len(out)):
        out[k] = ns[k] / 1e9


@lean_kernel
def _mean(sums: Floats, counts: Floats, out: Floats) -> None:
    for k in range(len(out)):
        out[k] = sums[k] / counts[k]


@lean_kernel
def _mean_seconds(sums: Floats, counts: Floats, out: Floats) -> None:
    for k in range(len(out)):
        out[k] = sums[k] / counts[k] / 1e9


@lean_kernel
def _deviation(spreads: Floats, counts: Floats, out: Floats) -> None:
    for k in range(len(out)):
        out[k] = np.sqrt(spreads[k]) / counts[k]


@lean_kernel
def _deviation_seconds(spreads: Floats, counts: Floats, out: Floats) -> None:
    for k in range(len(out)):
        out[k] = np.sqrt(spreads[k]) / counts[k] / 1e9
