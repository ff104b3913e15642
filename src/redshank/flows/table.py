"""The flow table: fixed memory, found by a keyed hash.

In: the key of a packet. Out: the row of its flow, or none. What a flow takes grows with what it does: a ROW and the END
of the side that spoke first; the other END once that side speaks, MORE with the second packet, a HOLE only while data
is out of order. All come from pools of fixed size, handed out by free lists, so memory is dense and bounded.
Fields are ordered by cache line: what every packet touches comes first.
Slots hold (hash tag, row + 1) under linear probing at a load of at most one half. What is metered never depends on the
key of the hash: nothing is ever listed in slot order.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.siphash import siphash, siphash_two

Record = Any
"""One record of a structured array, inside a kernel: numba knows its fields, mypy does not."""

Records = Any
"""A structured array inside a kernel."""
Int = Any
"""An integer inside a kernel: int64 or uint64, by how it was made."""

HISTORY = 40
"""Letters of history kept; further ones are dropped. Only a flow of ever new SYNs or RSTs has more."""
FIRST = 16
"""Packets of which size and gap are kept one by one."""
BLOCKS = 6
"""Stretches of out-of-order data remembered per direction; one more becomes a gap once acknowledged."""
HOLES = 8192
"""Directions that may have data out of order at a time; one more is as if it had no room for a stretch."""
BUCKETS = 4096
EVICTION_SAMPLE = 32

ROW = np.dtype(
    [
        # The key: two endpoints in canonical order; `orig_is_a` says which one is the originator.
        ("a_hi", "u8"),
        ("a_lo", "u8"),
        ("b_hi", "u8"),
        ("b_lo", "u8"),
        ("a_port", "u2"),
        ("b_port", "u2"),
        ("proto", "u1"),
        ("version", "u1"),
        ("one_way", "u1"),  # ICMP message without a reply: the other direction is another flow
        ("orig_is_a", "u1"),
        ("last_ns", "i8"),  # the end of `duration`: of TCP the last packet before both sides were closed
        ("seen_ns", "i8"),  # the last packet counted
        ("live", "u1"),
        ("partial", "u1"),  # TCP seen from the middle
        ("first_seen", "u1"),  # bit 0: a packet of the originator came, bit 1: of the responder
        ("close_deferred", "u1"),
        ("established", "u1"),  # TCP left the handshake: the long inactivity timeout holds
        ("history_length", "u1"),
        ("parents", "u1"),  # tunnels that carried it, 0 to 2: their names are in Table.parents
        ("reason", "u1"),  # of a row that goes out
        # Second cache line.
        ("packets", "i8"),  # of both sides
        ("ip_bytes", "i8"),
        ("due_packets", "i8"),  # with so many packets an interim row goes out
        ("due_ns", "i8"),  # at this time one goes out if packets came since the last
        ("deadline_ns", "i8"),  # the flow is over then if nothing more comes
        ("history_seen", "u4"),
        ("orig_end", "i4"),  # into Table.ends; 0: that side did not speak yet
        ("resp_end", "i4"),
        ("more", "i4"),  # into Table.more; 0: one packet so far
        ("tag", "u4"),
        ("pauses", "u4"),  # gaps between bursts
        # What few packets touch.
        ("first_ns", "i8"),
        ("attempt_ns", "i8"),  # when an unanswered SYN is given up; 0: answered
        ("delete_ns", "i8"),  # when a closed TCP flow ends; 0: it is open
        ("said", "i8"),  # packets at the last interim row
        ("serial", "i8"),
        ("missed_bytes", "i8"),
        ("services", "u8"),  # bit s: service.NAMES[s] was recognized
        ("bucket", "u2"),
        ("vlan", "i2"),
        ("first_size", "i4"),  # IP length of the first packet, negative from the responder
        ("orig_mac", "u8"),
        ("resp_mac", "u8"),
        ("previous", "i4"),
        ("next", "i4"),  # in its bucket or among free rows; of a row that goes out: where it lies in the table
        ("history", "u1", (HISTORY,)),
    ],
    align=True,
)
"""A flow: 256 bytes."""

END = np.dtype(
    [
        ("packets", "i8"),
        ("ip_bytes", "i8"),
        ("size_squares", "u8"),  # sum of the squares of IP lengths
        ("last_ns", "i8"),
        ("gap_sum", "i8"),
        ("gap_squares", "u8"),  # sum of the squares of gaps, the lower 64 of 96 bits
        ("gap_min", "i8"),
        ("gap_max", "i8"),
        # Second cache line: TCP. 32-bit sequence numbers are counted on past their wrap-around.
        ("last", "i8"),  # one past the highest sequence number sent
        ("acked", "i8"),  # highest acknowledgment by the peer
        ("delivered", "i8"),  # from here on relative to start_seq: all before was seen or given up
        ("trimmed", "i8"),  # all before was acknowledged
        ("reach", "i8"),  # end of the last data seen; unless TCP: payload bytes
        ("size_min", "i4"),
        ("size_max", "i4"),
        ("gap_squares_hi", "u4"),
        ("psh", "u4"),
        ("start_seq", "u4"),  # of the (assumed) SYN
        ("state", "u1"),
        ("did_close", "u1"),
        ("given_up", "u1"),  # too much data without an acknowledgment: no more gaps are looked for
        ("prefix_done", "u1"),  # no more of the first bytes can be had
        # Third cache line.
        ("fin_seq", "i8"),
        ("prefix_at", "i8"),  # the latest piece of the first bytes in the ring (prefix.py), 0: none
        ("last_syn", "u4"),
        ("last_fin", "u4"),
        ("last_rst", "u4"),
        ("fin", "u4"),
        ("syn", "u4"),
        ("rst", "u4"),
        ("urg", "u4"),
        ("ece", "u4"),
        ("cwr", "u4"),
        ("bare", "u4"),  # packets without ACK
        ("hole", "u2"),  # into Table.holes; 0: no data out of order
        ("prefix_bytes", "u2"),
        ("prefix_pieces", "u1"),
        ("previous_state", "u1"),
        ("eof", "u1"),
        ("spare", "u1"),
    ],
    align=True,
)
"""One direction of a flow: 192 bytes."""

MORE = np.dtype(
    [
        ("sizes", "i4", (FIRST,)),  # from the second packet on; the first is ROW.first_size
        ("gaps", "f4", (FIRST,)),  # seconds
        ("burst_packets", "i8"),  # packets and bytes before the burst that lasts; these six from the first pause on
        ("burst_bytes", "i8"),
        ("burst_max_packets", "i8"),
        ("burst_max_bytes", "i8"),
        ("idle_sum", "i8"),
        ("idle_max", "i8"),
        ("retransmits", "u4", (2,)),  # by side
        ("content_gaps", "u4", (2,)),
        ("zero_windows", "u4", (2,)),
        ("bad_checksums", "u4", (2,)),
    ],
    align=True,
)
"""What a flow has from its second packet on: 208 bytes."""

HOLE = np.dtype([("blocks", "i8"), ("start", "i8", (BLOCKS,)), ("end", "i8", (BLOCKS,))])
"""Data above a hole in sequence space, ascending."""

KEY = np.dtype(
    [
        ("a_hi", "u8"),
        ("a_lo", "u8"),
        ("b_hi", "u8"),
        ("b_lo", "u8"),
        ("a_port", "u2"),
        ("b_port", "u2"),
        ("proto", "u1"),
        ("version", "u1"),
        ("one_way", "u1"),
        ("from_a", "u1"),  # the packet's source is endpoint a
        ("tag", "u4"),
        ("row", "i4"),  # where the flow probably is, -1 if nowhere
    ],
    align=True,
)
"""The key of a packet's flow."""

# Where things lie in `state`.
SERIAL, CLOCK, TICK, LIVE, HAND, OUT, OUT_BYTES, PACKETS, WRITTEN, WATCHED = range(10)
FREE_ROW, STARTED_ROW, FREE_END, STARTED_END, FREE_MORE, STARTED_MORE, FREE_HOLE, STARTED_HOLE = range(10, 18)
STATE_SIZE = 18


class Table(NamedTuple):
    """The memory of a flow table.

    Args:
        rows: [capacity] ROW.
        ends: [2 * capacity + 1] END; the first is that of a side that did not speak, and is never written to.
        more: [capacity + 1] MORE; the first is unused.
        holes: [HOLES + 1] HOLE; the first is unused.
        parents: [capacity, 4] uint64: names of the tunnels that carried a flow, two words each (uid.py).
        slots: [power of two >= 2 * capacity] uint64: tag in the upper half, row + 1 in the lower, 0 is empty.
        buckets: [BUCKETS] int32: first row of each bucket's list, -1 if none.
        ring: [r] uint8: the first bytes of directions (prefix.py).
        ring_words: [r / 8] int64: the same memory.
        state: [STATE_SIZE] int64: the few scalars the kernels share.
        key: [2] uint64: the key of the hash.
    """

    rows: Records
    ends: Records
    more: Records
    holes: Records
    parents: npt.NDArray[np.uint64]
    slots: npt.NDArray[np.uint64]
    buckets: npt.NDArray[np.int32]
    ring: npt.NDArray[np.uint8]
    ring_words: npt.NDArray[np.int64]
    state: npt.NDArray[np.int64]
    key: npt.NDArray[np.uint64]


def make(capacity: int, seed: int | None, ring_bytes: int = 1 << 20) -> Table:
    """Allocate a table for `capacity` flows; memory is touched only as flows come."""
    size = 1 << (2 * capacity - 1).bit_length()
    state = np.zeros(STATE_SIZE, np.int64)
    state[[FREE_ROW, FREE_END, FREE_MORE, FREE_HOLE]] = -1
    state[[STARTED_END, STARTED_MORE, STARTED_HOLE]] = 1
    state[WRITTEN] = 8
    ends = np.zeros(2 * capacity + 1, END)
    for name in ("delivered", "trimmed", "reach"):
        ends[name][0] = 1
    words = np.zeros(ring_bytes // 8, np.int64)
    return Table(
        rows=np.zeros(capacity, ROW),
        ends=ends,
        more=np.zeros(capacity + 1, MORE),
        holes=np.zeros(HOLES + 1, HOLE),
        parents=np.zeros((capacity, 4), np.uint64),
        slots=np.zeros(size, np.uint64),
        buckets=np.full(BUCKETS, -1, np.int32),
        ring=words.view(np.uint8),
        ring_words=words,
        state=state,
        key=np.random.default_rng(seed).integers(0, 2**64, 2, dtype=np.uint64),
    )


@lean_kernel
def clear(end: Record) -> None:
    """Make an END that of a side that did not speak."""
    end.packets = end.ip_bytes = end.last_ns = end.gap_sum = end.gap_min = end.gap_max = 0
    end.size_squares = end.gap_squares = np.uint64(0)
    end.last = end.acked = end.fin_seq = end.prefix_at = 0
    end.delivered = end.trimmed = end.reach = 1
    end.size_min = end.size_max = end.gap_squares_hi = end.psh = end.start_seq = 0
    end.state = end.did_close = end.given_up = end.prefix_done = end.previous_state = end.eof = 0
    end.last_syn = end.last_fin = end.last_rst = 0
    end.fin = end.syn = end.rst = end.urg = end.ece = end.cwr = end.bare = 0
    end.hole = end.prefix_bytes = end.prefix_pieces = 0


@lean_kernel
def hash_of(key: Record, k0: Int, k1: Int) -> Int:
    """Return the keyed hash of a KEY (or ROW): of an IPv4 flow it takes two words, of an IPv6 flow five."""
    ports = (np.uint64(key.a_port) << np.uint64(32)) | (np.uint64(key.b_port) << np.uint64(16))
    ports |= np.uint64(key.proto) << np.uint64(8) | np.uint64(key.one_way) << np.uint64(4) | np.uint64(key.version)
    if key.version == 4:
        return siphash_two(k0, k1, (key.a_lo << np.uint64(32)) | key.b_lo, ports)
    return siphash(k0, k1, key.a_hi, key.a_lo, key.b_hi, key.b_lo, ports)


@lean_kernel
def same_key(row: Record, key: Record) -> bool:
    """Tell whether a row has this key."""
    return bool(
        row.a_lo == key.a_lo
        and row.b_lo == key.b_lo
        and row.a_port == key.a_port
        and row.b_port == key.b_port
        and row.proto == key.proto
        and row.a_hi == key.a_hi
        and row.b_hi == key.b_hi
        and row.version == key.version
        and row.one_way == key.one_way
    )


@lean_kernel
def probe(slots: npt.NDArray[np.uint64], tag: Int) -> Int:
    """Return the first row under this tag, or -1: probably the one that is looked for."""
    mask = len(slots) - 1
    place = np.int64(tag) & mask
    for _ in range(len(slots)):
        slot = slots[place]
        if slot == 0:
            return -1
        if (slot >> np.uint64(32)) == np.uint64(tag):
            return np.int64(slot & np.uint64(0xFFFFFFFF)) - 1
        place = (place + 1) & mask
    return -1


@lean_kernel
def find(slots: npt.NDArray[np.uint64], rows: Records, key: Record, tag: Int) -> Int:
    """Return the row of this key, or -1."""
    mask = len(slots) - 1
    place = np.int64(tag) & mask
    for _ in range(len(slots)):
        slot = slots[place]
        if slot == 0:
            return -1
        if (slot >> np.uint64(32)) == np.uint64(tag):
            index = np.int64(slot & np.uint64(0xFFFFFFFF)) - 1
            if same_key(rows[index], key):
                return index
        place = (place + 1) & mask
    return -1


@lean_kernel
def insert(slots: npt.NDArray[np.uint64], tag: Int, index: Int) -> None:
    """Put row `index` under `tag`; the caller keeps the load below one half."""
    mask = len(slots) - 1
    place = np.int64(tag) & mask
    while slots[place] != 0:
        place = (place + 1) & mask
    slots[place] = (np.uint64(tag) << np.uint64(32)) | np.uint64(index + 1)


@lean_kernel
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
