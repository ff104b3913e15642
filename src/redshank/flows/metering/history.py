"""The history of a flow: one letter for each first time something happened, upper case for the originator.

In: an event and its side. Out: letters in ROW.history. Letters a, d, f, h, i, q, r, s are written once per side (the
caller may write f, h, r, s again); c, g, t, w are written at the 1st, 10th, 100th, ... time.
Source: Zeek's manual, field `history` of conn.log.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.table import HISTORY, Int, Record

CODES = b"SFRIDAQCGTW"
"""Letters by bit: SYN, FIN, RST, FIN with RST, data, pure ACK, other mix of flags, checksum, gap,
retransmission, zero window."""
SYN_BIT, FIN_BIT, RST_BIT, BOTH_BIT, DATA_BIT, ACK_BIT, MIX_BIT = range(7)
FIRST_SCALED = 7
CHECKSUM, GAP, RETRANSMIT, WINDOW = range(7, 11)


@lean_kernel
def add(row: Record, letter: Int, side: Int) -> None:
    """Append an upper-case letter, in lower case if `side` is 1; beyond HISTORY letters it is dropped."""
    if row.history_length < HISTORY:
        row.history[row.history_length] = letter + 32 * side
        row.history_length += 1


@lean_kernel
def once(row: Record, bit: Int, letter: Int, side: Int) -> bool:
    """Append the letter if this is the first time for `bit` on this side; tell whether it was not."""
    mask = 1 << (bit + 16 * side)
    if row.history_seen & mask:
        return True
    row.history_seen |= mask
    add(row, letter, side)
    return False


@lean_kernel
def scaled(row: Record, count: Int, code: Int, side: Int) -> None:
    """Append the letter CODES[code] if `count` is a power of ten."""
    power = 1
    while power < count:
        power *= 10
    if power == count:
        add(row, CODES[code], side)


@lean_kernel
def flipped(row: Record) -> None:
    """Append '^': the roles were exchanged; what was written once is written for the other side."""
    row.history_seen = ((row.history_seen & 0xFFFF) << 16) | ((row.history_seen >> 16) & 0xFFFF)
    if row.history_length < HISTORY:
        row.history[row.history_length] = 94
        row.history_length += 1
