"""When a flow that goes on is told before its end.

In: the packets and the age of a flow. Out: with how many packets, and at which time, an interim row goes out. Both are
doubled from row to row, so that a long flow has few; but while packets come there is one every MAX_NS at least. The
times are those of a fixed series for each flow: if no packet came since the last row, its time passes without one.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.table import Int, Record

MAX_NS = 300_000_000_000
NEVER = (1 << 63) - 1


@lean_kernel
def begin(row: Record, limits: Record) -> None:
    """Set when the first interim row of a new flow is due."""
    row.said = 0
    row.due_packets = limits.interim_packets if limits.interim_packets > 0 else NEVER
    row.due_ns = row.first_ns + limits.interim if limits.interim > 0 else NEVER


@lean_kernel
def _after(row: Record, moment: Int, limits: Record) -> Int:
    """Return the time that follows a row (or a time without one) at `moment`."""
    age = max(moment - row.first_ns, 0)
    if age >= MAX_NS:
        return moment + MAX_NS
    return min(row.first_ns + max(limits.interim, 2 * age), moment + MAX_NS)


@lean_kernel
def told(row: Record, moment: Int, limits: Record) -> None:
    """Set when the next row is due, now that one went out at `moment`."""
    row.said = row.packets
    if limits.interim_packets > 0:
        row.due_packets = max(limits.interim_packets, 2 * row.packets)
    if limits.interim > 0:
        row.due_ns = _after(row, moment, limits)


@lean_kernel
def pass_over(row: Record, clock: Int, limits: Record) -> None:
    """Let the times up to `clock` pass: no packet came since the last row."""
    while row.due_ns <= clock:
        if row.due_ns - row.first_ns >= MAX_NS:
            row.due_ns += ((clock - row.due_ns) // MAX_NS + 1) * MAX_NS
        else:
            row.due_ns = _after(row, row.due_ns, limits)
