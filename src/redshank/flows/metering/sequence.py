"""The first packets of a flow one by one, and its bursts.

In: the packets of a flow, of both sides. Out: sizes and gaps of the first FIRST packets, what bursts and pauses were
like, and their columns of FLOW. A burst is a run of packets without a pause of PAUSE_NS or more. Only a pause touches
the fields of bursts: the burst that lasts follows from the flow's counts.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.pools import more_of
from redshank.flows.metering.table import FIRST, Int, Memory, Records, all_more, all_rows

PAUSE_NS = 1_000_000_000


@lean_kernel
def note(t: Memory, index: Int, from_a: Int, size: Int, now: Int) -> None:
    """Add a packet to its flow, whose counts do not hold it yet.

    Sizes are negative from endpoint b, so that an exchange of roles changes none.

    Args:
        t: The table.
        index: The flow's row.
        from_a: Whether endpoint a sent it.
        size: Its IP length, bytes.
        now: Its time, ns; a gap of disordered packets counts as 0.
    """
    row = all_rows(t)[index]
    packets = row.packets
    if packets == 0:
        row.first_size = size if from_a else -size
    else:
        gap = max(now - row.seen_ns, 0)
        if packets < FIRST:
            more = all_more(t)[more_of(t, index)]
            more.sizes[packets] = size if from_a else -size
            more.gaps[packets] = np.float32(gap / 1e9)
        if gap >= PAUSE_NS:
            _pause(t, index, gap)
    row.packets = packets + 1
    row.ip_bytes += size
    row.seen_ns = now


@lean_kernel
def _pause(t: Memory, index: Int, gap: Int) -> None:
    row, more = all_rows(t)[index], all_more(t)[all_rows(t)[index].more]
    if row.pauses == 0:
        more.burst_packets = more.burst_bytes = more.burst_max_packets = more.burst_max_bytes = 0
        more.idle_sum = more.idle_max = 0
    row.pauses += 1
    more.burst_max_packets = max(more.burst_max_packets, row.packets - more.burst_packets)
    more.burst_max_bytes = max(more.burst_max_bytes, row.ip_bytes - more.burst_bytes)
    more.burst_packets = row.packets
    more.burst_bytes = row.ip_bytes
    more.idle_sum += gap
    more.idle_max = max(more.idle_max, gap)


@lean_kernel
def _firsts(
    rows: Records, more: Records, ends: npt.NDArray[np.int32], sizes: npt.NDArray[np.int32], gaps: npt.NDArray[Any]
) -> None:
    for k in range(len(rows)):
        row = rows[k]
        sign = 1 if row.orig_is_a else -1
        at = np.int64(ends[k])
        for n in range(np.int64(ends[k + 1]) - at):
            sizes[at + n] = sign * (row.first_size if n == 0 else more[k].sizes[n])
            gaps[at + n] = 0 if n == 0 else more[k].gaps[n]


def first_packets(rows: npt.NDArray[Any], more: npt.NDArray[Any]) -> dict[str, object]:
    """Return the columns of the first packets.

    Args:
        rows: ROW records.
        more: MORE records, set where ROW.more is not 0.

    Shape:
        rows, more: [n].
    """
    ends = np.zeros(len(rows) + 1, np.int32)
    np.cumsum(np.minimum(rows["packets"], FIRST), out=ends[1:])
    sizes, gaps = np.zeros(ends[-1], np.int32), np.zeros(ends[-1], np.float32)
    _firsts(rows, more, ends, sizes, gaps)
    offsets = pa.array(ends)
    return {
        "first_sizes_bytes": pa.ListArray.from_arrays(offsets, pa.array(sizes)),
        "first_gaps_s": pa.ListArray.from_arrays(offsets, pa.array(gaps)),
    }
