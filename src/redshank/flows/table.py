"""The flow table: fixed memory, found by a keyed hash, expired by a timer wheel.

In: the two endpoints of a packet. Out: the row of its flow, or none. One flow is one ROW and two ENDs (`2 * row` is the
originator, `2 * row + 1` the responder). Slots hold (hash tag, row + 1) under linear probing at a load of at most one
half; flow keys are chosen by whoever sends packets, so the hash is SipHash-1-3 under a random key. What is metered
never depends on that key: rows are handed out by a free list, and nothing is ever listed in slot order.
Source: Aumasson and Bernstein, SipHash, INDOCRYPT 2012.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel

Record = Any
"""One record of a structured array, inside a kernel: numba knows its fields, mypy does not."""

Records = Any
"""A structured array inside a kernel."""
Int = Any
"""An integer inside a kernel: int64 or uint64, by how it was made."""

HISTORY = 48
"""Letters of history kept; further ones are dropped. Only a flow of ever new SYNs or RSTs has more."""
BLOCKS = 6
"""Stretches of out-of-order data remembered per direction; one more becomes a gap once acknowledged."""
BUCKETS = 4096
BUCKET_BITS = 27
"""A bucket is 2**27 ns = 0.13 s wide, one turn of the wheel 550 s: longer than the longest default timeout."""
EVICTION_SAMPLE = 32

ROW = np.dtype(
    [
        ("a_hi", "u8"),  # the two endpoints in canonical order; `orig_is_a` says which one is the originator
        ("a_lo", "u8"),
        ("b_hi", "u8"),
        ("b_lo", "u8"),
        ("a_port", "u2"),
        ("b_port", "u2"),
        ("proto", "u1"),
        ("version", "u1"),
        ("one_way", "u1"),  # ICMP message without a reply: the other direction is another flow
        ("orig_is_a", "u1"),
        ("tag", "u4"),
        ("live", "u1"),
        ("single", "u1"),  # one packet so far
        ("reason", "u1"),
        ("partial", "u1"),  # TCP seen from the middle
        ("first_seen", "u1"),  # bit 0: a packet of the originator came, bit 1: of the responder
        ("close_deferred", "u1"),
        ("established", "u1"),  # TCP left the handshake: the long inactivity timeout holds
        ("history_length", "u1"),
        ("payload_seen", "u1"),  # bit 0, 1: the first payload of the originator, responder was shown to the services
        ("first_ns", "i8"),
        ("last_ns", "i8"),
        ("deadline_ns", "i8"),
        ("attempt_ns", "i8"),  # when to look at an unanswered SYN, or at a DNS flow; 0: never
        ("delete_ns", "i8"),  # when a closed TCP flow ends; 0: it is open
        ("serial", "i8"),
        ("missed_bytes", "i8"),
        ("services", "u8", (2,)),  # by direction: which services the first payload looks like
        ("orig_mac", "u8"),
        ("resp_mac", "u8"),
        ("vlan", "i4"),
        ("bucket", "i4"),
        ("previous", "i4"),
        ("next", "i4"),
        ("history_seen", "u4"),
        ("history", "u1", (HISTORY,)),
    ],
    align=True,
)

END = np.dtype(
    [
        ("packets", "i8"),
        ("ip_bytes", "i8"),
        ("payload_bytes", "i8"),  # UDP and ICMP; -1: none seen
        ("last_ns", "i8"),
        ("size_mean", "f8"),
        ("size_m2", "f8"),
        ("gap_mean", "f8"),
        ("gap_m2", "f8"),
        ("gap_min", "i8"),
        ("gap_max", "i8"),
        ("size_min", "i4"),
        ("size_max", "i4"),
        ("flags", "u4", (8,)),
        ("start_seq", "i8"),  # of the (assumed) SYN, 32 bits
        ("last_seq", "i8"),  # one past the highest sequence number seen, 32 bits
        ("ack_seq", "i8"),  # highest acknowledgement by the peer, 32 bits
        ("seq_wraps", "i8"),
        ("ack_wraps", "i8"),
        ("delivered", "i8"),  # from here on relative to start_seq: all before was seen or given up
        ("trimmed", "i8"),  # all before was acknowledged
        ("data_end", "i8"),  # end of the last data seen
        ("fin_seq", "i8"),
        ("block_start", "i8", (BLOCKS,)),  # data above a hole, ascending
        ("block_end", "i8", (BLOCKS,)),
        ("last_syn", "i8"),
        ("last_fin", "i8"),
        ("last_rst", "i8"),
        ("fins", "u4"),
        ("gaps", "u4"),
        ("retransmits", "u4"),
        ("zero_windows", "u4"),
        ("bad_checksums", "u4"),
        ("state", "u1"),
        ("previous_state", "u1"),
        ("did_close", "u1"),
        ("eof", "u1"),
        ("given_up", "u1"),  # too much data without an acknowledgement: no more gaps are looked for
        ("blocks", "u1"),
    ],
    align=True,
)

FRAGMENT = np.dtype([("tag", "u8"), ("row", "i8"), ("serial", "i8")])
FRAGMENTS = 1024
"""Flows of the latest first fragments, by hash of addresses and protocol; a newer one replaces an older one."""

# Where things lie in `state`.
SERIAL, CLOCK, TICK, FREE, LIVE, HAND, OUT, PAYLOAD_COUNT, STARTED, PACKETS = range(10)
STATE_SIZE = 10


@dataclass(frozen=True)
class Table:
    """The memory of a flow table.

    Args:
        rows, ends: [capacity] ROW, [2 * capacity] END.
        slots: [power of two >= 2 * capacity] uint64: tag in the upper half, row + 1 in the lower, 0 is empty.
        buckets: [BUCKETS] int32: first row of each bucket's list, -1 if none.
        fragments: [FRAGMENTS] FRAGMENT.
        state: [STATE_SIZE] int64: the few scalars the kernels share.
        key: [2] uint64: the key of the hash.
    """

    rows: npt.NDArray[Any]
    ends: npt.NDArray[Any]
    slots: npt.NDArray[np.uint64]
    buckets: npt.NDArray[np.int32]
    fragments: npt.NDArray[Any]
    state: npt.NDArray[np.int64]
    key: npt.NDArray[np.uint64]


def make(capacity: int, seed: int | None) -> Table:
    """Allocate a table for `capacity` flows; memory is touched only as flows come."""
    size = 1 << (2 * capacity - 1).bit_length()
    rows = np.zeros(capacity, ROW)
    state = np.zeros(STATE_SIZE, np.int64)
    state[FREE] = -1
    key = np.random.default_rng(seed).integers(0, 2**64, 2, dtype=np.uint64)
    return Table(
        rows,
        np.zeros(2 * capacity, END),
        np.zeros(size, np.uint64),
        np.full(BUCKETS, -1, np.int32),
        np.zeros(FRAGMENTS, FRAGMENT),
        state,
        key,
    )


@kernel
def _round(v0: Int, v1: Int, v2: Int, v3: Int) -> tuple[Int, Int, Int, Int]:
    v0 += v1
    v1 = ((v1 << np.uint64(13)) | (v1 >> np.uint64(51))) ^ v0
    v0 = (v0 << np.uint64(32)) | (v0 >> np.uint64(32))
    v2 += v3
    v3 = ((v3 << np.uint64(16)) | (v3 >> np.uint64(48))) ^ v2
    v0 += v3
    v3 = ((v3 << np.uint64(21)) | (v3 >> np.uint64(43))) ^ v0
    v2 += v1
    v1 = ((v1 << np.uint64(17)) | (v1 >> np.uint64(47))) ^ v2
    v2 = (v2 << np.uint64(32)) | (v2 >> np.uint64(32))
    return v0, v1, v2, v3


@kernel
def siphash(k0: Int, k1: Int, a: Int, b: Int, c: Int, d: Int, e: Int) -> Int:
    """Return SipHash-1-3 of five 64-bit words under the 128-bit key (k0, k1)."""
    v0 = k0 ^ np.uint64(0x736F6D6570736575)
    v1 = k1 ^ np.uint64(0x646F72616E646F6D)
    v2 = k0 ^ np.uint64(0x6C7967656E657261)
    v3 = k1 ^ np.uint64(0x7465646279746573)
    for word in (a, b, c, d, e, np.uint64(40 << 56)):
        v3 ^= word
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
        v0 ^= word
    v2 ^= np.uint64(0xFF)
    for _ in range(3):
        v0, v1, v2, v3 = _round(v0, v1, v2, v3)
    return v0 ^ v1 ^ v2 ^ v3


@kernel
def find(slots: npt.NDArray[np.uint64], rows: Records, wanted: Record, tag: Int) -> Int:
    """Return the row whose key equals that of the ROW record `wanted`, or -1."""
    mask = len(slots) - 1
    place = np.int64(tag) & mask
    for _ in range(len(slots)):
        slot = slots[place]
        if slot == 0:
            return -1
        if (slot >> np.uint64(32)) == np.uint64(tag):
            index = np.int64(slot & np.uint64(0xFFFFFFFF)) - 1
            row = rows[index]
            if (
                row.a_lo == wanted.a_lo
                and row.b_lo == wanted.b_lo
                and row.a_port == wanted.a_port
                and row.b_port == wanted.b_port
                and row.proto == wanted.proto
                and row.a_hi == wanted.a_hi
                and row.b_hi == wanted.b_hi
                and row.version == wanted.version
                and row.one_way == wanted.one_way
            ):
                return index
        place = (place + 1) & mask
    return -1


@kernel
def insert(slots: npt.NDArray[np.uint64], tag: Int, index: Int) -> None:
    """Put row `index` under `tag`; the caller keeps the load below one half."""
    mask = len(slots) - 1
    place = np.int64(tag) & mask
    while slots[place] != 0:
        place = (place + 1) & mask
    slots[place] = (np.uint64(tag) << np.uint64(32)) | np.uint64(index + 1)


@kernel
def remove(slots: npt.NDArray[np.uint64], tag: Int, index: Int) -> None:
    """Take row `index` out; the probes behind it move up, so there are no tombstones."""
    mask = len(slots) - 1
    place = np.int64(tag) & mask
    wanted = (np.uint64(tag) << np.uint64(32)) | np.uint64(index + 1)
    while slots[place] != wanted:
        if slots[place] == 0:
            return
        place = (place + 1) & mask
    hole = place
    place = (place + 1) & mask
    while slots[place] != 0:
        home = np.int64(slots[place] >> np.uint64(32)) & mask
        if ((place - home) & mask) >= ((place - hole) & mask):
            slots[hole] = slots[place]
            hole = place
        place = (place + 1) & mask
    slots[hole] = 0


@kernel
def take(rows: Records, state: npt.NDArray[np.int64]) -> Int:
    """Return an unused row, or -1 if the table is full."""
    index = state[FREE]
    if index >= 0:
        state[FREE] = rows[index].next
        return index
    if state[STARTED] < len(rows):
        state[STARTED] += 1
        return state[STARTED] - 1
    return -1


@kernel
def victim(rows: Records, state: npt.NDArray[np.int64]) -> Int:
    """Choose the flow that a full table gives up.

    Of the next EVICTION_SAMPLE rows in a circle: a flow of one packet before one of more, then the least recently
    active.
    """
    best = -1
    best_single = False
    best_ns = np.int64(0)
    for _ in range(min(EVICTION_SAMPLE, len(rows))):
        index = state[HAND]
        state[HAND] = (index + 1) % len(rows)
        single = rows[index].single == 1
        better = single and not best_single
        if single == best_single and rows[index].last_ns < best_ns:
            better = True
        if best < 0 or better:
            best, best_single, best_ns = index, single, rows[index].last_ns
    return best
