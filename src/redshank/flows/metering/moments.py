"""Size and gap statistics of one direction, exact: sums of whole numbers, from which mean and spread follow at the end.

In: the packets of a direction, one by one. Out: sums in its END; mean and standard deviation when a row goes out. Sums
of squares of gaps take 104 bits, so that nanoseconds stay whole: no rounding, no division per packet, and no order in
which packets would have to come.
"""

import numpy as np

from redshank.core.kernel import inlined, lean_kernel
from redshank.flows.metering.machine import add_square, scaled_variance
from redshank.flows.metering.table import Int, Record


@inlined
def count(end: Record, size: Int, now: Int) -> None:
    """Add a packet to its direction.

    Args:
        end: The END of its sender.
        size: Its IP length, bytes.
        now: Its time, ns; a gap of disordered packets counts as 0.
    """
    packets = end.packets
    end.packets = packets + 1
    end.ip_bytes += size
    end.size_squares += np.uint64(size * size)
    if packets == 0:
        end.size_min = size
        end.size_max = size
    else:
        end.size_min = min(end.size_min, size)
        end.size_max = max(end.size_max, size)
        gap = max(now - end.last_ns, 0)
        end.gap_sum += gap
        low, high = add_square(end.gap_squares, np.uint64(end.gap_squares_hi), np.uint64(gap))
        end.gap_squares = low
        end.gap_squares_hi = high & np.uint64(0xFFFFFFFF)
        if high >> np.uint64(32):
            end.gap_squares_top = min(end.gap_squares_top + np.int64(high >> np.uint64(32)), 255)
        end.gap_max = max(end.gap_max, gap)
        if gap < end.gap_min or packets == 1:
            end.gap_min = gap
    end.last_ns = now


@lean_kernel
def size_spread(end: Record) -> float:
    """Return the variance of a direction's IP lengths, bytes, times the square of their number."""
    return spread(np.int64(end.packets), end.ip_bytes, end.size_squares, 0)


@lean_kernel
def gap_spread(end: Record) -> float:
    """Return the variance of a direction's gaps, ns, times the square of their number."""
    high = np.uint64(end.gap_squares_top) << np.uint64(32) | np.uint64(end.gap_squares_hi)
    return spread(np.int64(end.packets) - 1, end.gap_sum, end.gap_squares, high)


@lean_kernel
def spread(count: Int, total: Int, low: Int, high: Int) -> float:
    """Return the variance of `count` whole numbers times the square of `count`, 0 if there are none.

    The root of it, divided by `count`, is their standard deviation.

    Args:
        count: How many.
        total: Their sum.
        low: The lower 64 bits of the sum of their squares.
        high: The bits above.
    """
    if count <= 0:
        return 0.0
    below, above = scaled_variance(np.uint64(count), np.uint64(total), np.uint64(low), np.uint64(high))
    if above >> np.uint64(63):
        return 0.0  # sums that wrapped around: lengths or times that no network has
    return np.float64(above) * 18446744073709551616.0 + np.float64(below)
