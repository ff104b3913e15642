"""Names of flows and of tunnels: like Zeek's, but a function of what they name, so that a replay gives the same ones.

In: the key of a flow and the time of its first packet, or the two addresses of a tunnel that is no flow itself. Out:
two 64-bit words, written as C and 17 letters.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.lanes import NAME_LANES, names
from redshank.flows.metering.machine import copy
from redshank.flows.metering.siphash import siphash
from redshank.flows.metering.table import Int, Record, Records
from redshank.flows.metering.text import Bytes, Ends

_DIGITS = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LENGTH = 18
PARENTS = 2 * LENGTH + 1
_PAIRS = np.frombuffer(b"".join(bytes((low, high)) for high in _DIGITS for low in _DIGITS), np.uint8)
"""Two digits of each number below 62 * 62, the lower first."""

Words = npt.NDArray[np.uint64]


@lean_kernel
def _mixed(a_hi: Int, a_lo: Int, b_hi: Int, b_lo: Int, rest: Int, first_ns: Int) -> tuple[Int, Int]:
    # The keys are public constants: a uid is a name, not a secret.
    one = siphash(np.uint64(1), np.uint64(2), a_hi, a_lo, b_hi, b_lo, rest)
    second = siphash(np.uint64(3), np.uint64(4), one, np.uint64(first_ns), a_lo, b_lo, rest)
    first = siphash(np.uint64(1), np.uint64(2), second, np.uint64(first_ns), a_lo, b_lo, rest)
    return first, second


@lean_kernel
def _rest(row: Record) -> Int:
    rest = np.uint64(row.a_port) << np.uint64(32) | np.uint64(row.b_port) << np.uint64(16)
    return rest | np.uint64(row.proto) << np.uint64(8) | np.uint64(row.one_way)


@lean_kernel
def uid_of(row: Record) -> tuple[Int, Int]:
    """Return the two words of a flow's name: its key and first time make it."""
    return _mixed(row.a_hi, row.a_lo, row.b_hi, row.b_lo, _rest(row), np.uint64(row.first_ns))


@lean_kernel
def tunnel_uid(packet: Record) -> tuple[Int, Int]:
    """Return the two words of the name of an IP-in-IP or GRE tunnel: its two addresses and protocol make it."""
    rest = np.uint64(packet.proto) << np.uint64(8) | np.uint64(2)
    source_first = packet.src_lo < packet.dst_lo
    if packet.src_hi != packet.dst_hi:
        source_first = packet.src_hi < packet.dst_hi
    if source_first:
        return _mixed(packet.src_hi, packet.src_lo, packet.dst_hi, packet.dst_lo, rest, np.uint64(0))
    return _mixed(packet.dst_hi, packet.dst_lo, packet.src_hi, packet.src_lo, rest, np.uint64(0))


@lean_kernel
def write_uid(first: Int, second: Int, out: Bytes, at: Int) -> None:
    """Write a name's LENGTH letters from out[at] on: C, nine digits of the first word, eight of the second."""
    rest = first // np.uint64(62)
    out[at] = 67  # C
    out[at + 1] = _PAIRS[2 * np.int64(first - rest * np.uint64(62))]
    for pair in range(8):
        if pair == 4:
            rest = second
        value, rest = rest, rest // np.uint64(3844)
        copy(out, at + 2 + 2 * pair, _PAIRS, 2 * np.int64(value - rest * np.uint64(3844)), 2)


@lean_kernel
def write_uids(rows: Records, first: int, ends: Ends, out: Bytes, words: Words) -> None:
    """Write the names of flows, as the texts from `first` on.

    Args:
        rows: ROW records.
        first: Row of the first of them.
        ends: Where texts end.
        out: The column's letters, LENGTH for each.
        words: Scratch.

    Shape:
        rows: [k]; ends: [n + 1]; words: [6, NAME_LANES].
    """
    for begin in range(0, len(rows), NAME_LANES):
        lanes = min(NAME_LANES, len(rows) - begin)
        for lane in range(lanes):
            row = rows[begin + lane]
            words[0, lane], words[1, lane], words[2, lane], words[3, lane] = row.a_hi, row.a_lo, row.b_hi, row.b_lo
            words[4, lane], words[5, lane] = _rest(row), np.uint64(row.first_ns)
        names(words)
        for lane in range(lanes):
            at = first + begin + lane
            write_uid(words[0, lane], words[1, lane], out, LENGTH * at)
            ends[at + 1] = LENGTH * (at + 1)


@lean_kernel
def write_parents(rows: Records, parents: Words, ends: Ends, out: Bytes) -> None:
    """Write the names of the tunnels that carried flows, joined by a comma; none where there were none.

    Args:
        rows: ROW records.
        parents: Two words of each name.
        ends: Where texts end; the first is 0.
        out: The column's letters, PARENTS for each.

    Shape:
        rows: [n]; parents: [n, 4]; ends: [n + 1].
    """
    at = np.int64(0)
    for k in range(len(rows)):
        for place in range(np.int64(rows[k].parents)):
            if place > 0:
                out[at] = 44  # a comma
                at += 1
            write_uid(parents[k, 2 * place], parents[k, 2 * place + 1], out, at)
            at += LENGTH
        ends[k + 1] = at
