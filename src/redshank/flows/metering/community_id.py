"""Community ID: one name for a flow that other tools compute too.

In: ROW records, whose key is already in the canonical order that the specification asks for. Out: "1:" and the
base64 SHA-1 of seed, addresses, protocol and ports. Null for SCTP: its ports are part of the name, and not metered.
SHA-1 is computed here, its 80 rounds written out, so that a loop over LANES flows is one for the processor's vectors:
the text of any flow fits into one block of it, and all that a round needs stays in registers.
Source: https://github.com/corelight/community-id-spec, version 1, seed 0; FIPS 180-4 for SHA-1; RFC 4648 for base64.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.absent import SCTP
from redshank.flows.metering.lanes import SHA1_LANES, sha1
from redshank.flows.metering.machine import copy
from redshank.flows.metering.orient import ICMP, ICMPV6, TCP, UDP
from redshank.flows.metering.table import Int, Record, Records
from redshank.flows.metering.text import Bytes, Ends, pairs_of

LENGTH = 30
_PAIRS = pairs_of(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
Words = npt.NDArray[np.uint32]


@lean_kernel
def write_community_ids(rows: Records, first: int, ends: Ends, out: Bytes, words: Words) -> None:
    """Write Community IDs, none for SCTP, as the texts from `first` on.

    Args:
        rows: ROW records; two-way flows in canonical order, one-way ICMP as sent.
        first: Row of the first of them.
        ends: Where texts end; ends[first] is where the first begins.
        out: The column's letters, LENGTH for each.
        words: Scratch.

    Shape:
        rows: [k]; ends: [n + 1]; words: [16, SHA1_LANES].
    """
    at = np.int64(ends[first])
    for begin in range(0, len(rows), SHA1_LANES):
        lanes = min(SHA1_LANES, len(rows) - begin)
        for lane in range(lanes):
            _block(rows[begin + lane], words, lane)
        sha1(words)
        for lane in range(lanes):
            if rows[begin + lane].proto != SCTP:
                out[at], out[at + 1] = 49, 58  # 1:
                _base64(words, lane, out, at + 2)
                at += LENGTH
            ends[first + begin + lane + 1] = at


@lean_kernel
def _block(row: Record, words: Words, lane: Int) -> None:
    """Lay out seed, addresses, protocol, a zero and ports, then what SHA-1 pads with, in the 16 words of a lane."""
    # The seed has two bytes: what follows is two bytes off the bounds of words.
    half, a_lo, b_lo = np.uint64(16), np.uint64(row.a_lo), np.uint64(row.b_lo)
    ports = row.proto in (TCP, UDP, ICMP, ICMPV6)
    for k in range(5, 15):
        words[k, lane] = 0
    at, bits = 2, 96
    if row.version == 4:
        words[0, lane] = np.uint32(a_lo >> half)
        words[1, lane] = np.uint32(a_lo << half | b_lo >> half)
    else:
        a_hi, b_hi, high = np.uint64(row.a_hi), np.uint64(row.b_hi), np.uint64(48)
        words[0, lane] = np.uint32(a_hi >> high)
        words[1, lane] = np.uint32(a_hi >> half)
        words[2, lane] = np.uint32(a_hi << half | a_lo >> high)
        words[3, lane] = np.uint32(a_lo >> half)
        words[4, lane] = np.uint32(a_lo << half | b_hi >> high)
        words[5, lane] = np.uint32(b_hi >> half)
        words[6, lane] = np.uint32(b_hi << half | b_lo >> high)
        words[7, lane] = np.uint32(b_lo >> half)
        at, bits = 8, 288
    words[at, lane] = np.uint32(b_lo << half | np.uint64(row.proto) << np.uint64(8))
    rest = np.uint64(row.a_port) << half | np.uint64(row.b_port)
    words[at + 1, lane] = np.uint32(rest if ports else np.uint64(0x80000000))
    words[at + 2, lane] = np.uint32(0x80000000 if ports else 0)
    words[15, lane] = np.uint32(bits + (32 if ports else 0))


@lean_kernel
def _base64(words: Words, lane: Int, out: Bytes, at: Int) -> None:
    """Write a digest: 13 times 12 bits, and 4."""
    high = np.uint64(words[0, lane]) << np.uint64(32) | np.uint64(words[1, lane])
    middle = np.uint64(words[2, lane]) << np.uint64(32) | np.uint64(words[3, lane])
    low = np.uint64(words[4, lane])
    for k in range(5):  # 60 bits
        copy(out, at + 2 * k, _PAIRS, np.int64(high >> np.uint64(52 - 12 * k) & np.uint64(4095)) * 2, 2)
    middle_bits = high << np.uint64(60) | middle >> np.uint64(4)
    for k in range(5):  # 4 of the first, 56 of the second
        copy(out, at + 10 + 2 * k, _PAIRS, np.int64(middle_bits >> np.uint64(52 - 12 * k) & np.uint64(4095)) * 2, 2)
    rest = middle << np.uint64(32) | low
    for k in range(3):  # 4 of the second, and 32
        copy(out, at + 20 + 2 * k, _PAIRS, np.int64(rest >> np.uint64(28 - 12 * k) & np.uint64(4095)) * 2, 2)
    copy(out, at + 26, _PAIRS, np.int64(low & np.uint64(15)) * 512, 2)
    out[at + 27] = 61  # =
