"""The first packets of a flow one by one, and its bursts.

In: the packets of a flow, of both sides. Out: sizes and gaps of the first FIRST packets, what bursts and pauses were
like, and their columns of FLOW. A burst is a run of packets without a pause of PAUSE_NS or more. Only a pause touches
the fields of bursts: the burst that lasts follows from the flow's counts.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import inlined, lean_kernel
from redshank.flows.metering.pools import more_of
from redshank.flows.metering.table import FIRST, Int, Memory, Records, all_more, all_rows

PAUSE_NS = 1_000_000_000


@inlined
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
            more.firsts[2 * packets] = size if from_a else -size
            more.firsts[2 * packets + 1] = np.float32(gap / 1e9).view(np.int32)
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
def write_firsts(
    rows: Records,
    more: Records,
    first: int,
    ends: npt.NDArray[np.int32],
    sizes: npt.NDArray[np.int32],
    gaps: npt.NDArray[np.float32],
) -> None:
    """Write size and gap of the first packets of rows, as the lists from `first` on.

    Args:
        rows: ROW records.
        more: MORE records, set where ROW.more is not 0.
        first: Row of the first of them.
        ends: Where lists end; ends[first] is where the first begins.
        sizes: Of all packets; behind the last FIRST may be written to.
        gaps: As `sizes`.

    Shape:
        rows, more: [k]; ends: [n + 1].
    """
    at: Int = np.int64(ends[first])
    for k in range(len(rows)):
        row, sign = rows[k], 1 if rows[k].orig_is_a else -1
        if row.packets > 1:  # all FIRST: those that it has not are overwritten by the next row
            for n in range(FIRST):
                sizes[at + n] = sign * more[k].firsts[2 * n]
            for n in range(FIRST):
                gaps[at + n] = np.int32(more[k].firsts[2 * n + 1]).view(np.float32)
        sizes[at] = sign * row.first_size
        gaps[at] = 0
        at += min(np.int64(row.packets), FIRST)
        ends[first + k + 1] = at
