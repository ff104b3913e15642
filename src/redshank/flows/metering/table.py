"""The flow table: fixed memory, in pools that fill as flows come.

In: how many flows. Out: the arrays, and one record through which kernels reach them. What a flow takes grows with what
it does: a ROW and the END of the side that spoke first; the other END once that side speaks, MORE with the second
packet, a HOLE only while data is out of order. All come from pools of fixed size (pools.py), so memory is dense and
bounded. Fields are ordered by cache line: what every packet touches comes first.
"""

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.announced import EXPECTED, ROOM
from redshank.flows.metering.machine import array_of
from redshank.flows.service import STREAM

Record = Any
"""One record of a structured array, inside a kernel: numba knows its fields, mypy does not."""

Records = Any
"""A structured array inside a kernel."""
Memory = Any
"""A MEMORY record, inside a kernel."""
Int = Any
"""An integer inside a kernel: int64 or uint64, by how it was made."""

HISTORY = 40
"""Letters of history kept; further ones are dropped. Only a flow of ever new SYNs or RSTs has more."""
FIRST = 16
"""Packets of which size and gap are kept one by one."""
PAGE = 4096
"""Arrays begin at a page, so that records begin at cache lines."""
BLOCKS = 6
"""Stretches of out-of-order data remembered per direction; one more becomes a gap once acknowledged."""
HOLES = 8192
"""Directions that may have data out of order at a time; one more is as if it had no room for a stretch."""
IN_ORDER, OUT_OF_ORDER, GIVEN_UP = range(3)
"""The data of a direction. OUT_OF_ORDER: it has a HOLE. GIVEN_UP: too much came without an acknowledgment, no more gaps
are looked for."""
BUCKETS = 4096
NODE = 16
"""Numbers in a node of a bucket: one cache line."""
DATA_BYTES = 1 << 22
"""First bytes that wait with rows to be handed out."""
EVICTION_SAMPLE = 32
GROUP = 16
"""Packets whose flows are looked up together."""

_TUPLE = (
    # Two endpoints in canonical order; `orig_is_a` of a row says which one is the originator.
    ("a_hi", "u8"),
    ("a_lo", "u8"),
    ("b_hi", "u8"),
    ("b_lo", "u8"),
    ("a_port", "u2"),
    ("b_port", "u2"),
    ("proto", "u1"),
    ("version", "u1"),
    ("one_way", "u1"),  # ICMP message without a reply: the other direction is another flow
)

ROW = np.dtype(
    [
        *_TUPLE,
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
        # Third cache line: what the wheel touches, and few packets.
        ("first_ns", "i8"),
        ("attempt_ns", "i8"),  # when an unanswered SYN is given up; 0: answered
        ("delete_ns", "i8"),  # when a closed TCP flow ends; 0: it is open
        ("said", "i8"),  # packets at the last interim row
        ("missed_bytes", "i8"),
        ("services", "u8"),  # bit s: service.NAMES[s] was recognized
        ("bucket", "u2"),
        ("vlan", "i2"),
        ("first_size", "i4"),  # IP length of the first packet, negative from the responder
        ("place", "i4"),  # where it stands in its bucket, an index into Table.nodes
        ("next", "i4"),  # among free rows; of a row that goes out: where it lies in the table
        # What hardly any packet touches.
        ("serial", "i8"),
        ("orig_mac", "u8"),
        ("resp_mac", "u8"),
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
        ("gap_squares", "u8"),  # sum of the squares of gaps, the lower 64 of 104 bits
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
        ("order", "u1"),  # IN_ORDER, OUT_OF_ORDER or GIVEN_UP
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
        ("hole", "u2"),  # into Table.holes, where OUT_OF_ORDER; otherwise 0
        ("prefix_bytes", "u2"),
        ("prefix_pieces", "u1"),
        ("previous_state", "u1"),
        ("eof", "u1"),
        ("gap_squares_top", "u1"),  # the 8 bits above gap_squares_hi
    ],
    align=True,
)
"""One direction of a flow: 192 bytes."""

MORE = np.dtype(
    [
        ("firsts", "i4", (2 * FIRST,)),  # size, then the bits of the gap (float32, s), from the second packet on
        ("burst_packets", "i8"),  # packets and bytes before the burst that lasts; these six from the first pause on
        ("burst_bytes", "i8"),
        ("burst_max_packets", "i8"),
        ("burst_max_bytes", "i8"),
        ("idle_sum", "i8"),
        ("idle_max", "i8"),
        ("content_gaps", "u4", (2,)),  # by side
        ("retransmits", "u4", (2,)),
        ("zero_windows", "u4", (2,)),
        ("bad_checksums", "u4", (2,)),
        ("spare", "u8", (6,)),
    ],
    align=True,
)
"""What a flow has from its second packet on: 256 bytes."""

HOLE = np.dtype([("blocks", "i8"), ("start", "i8", (BLOCKS,)), ("end", "i8", (BLOCKS,))])
"""Data above a hole in sequence space, ascending."""

KEY = np.dtype(
    [
        *_TUPLE,
        ("from_a", "u1"),  # the packet's source is endpoint a
        ("tag", "u4"),
        ("row", "i4"),  # where the flow probably is, -1 if nowhere
    ],
    align=True,
)
"""The key of a packet's flow."""

_ARRAYS = {
    "rows": ROW,
    "ends": END,
    "more": MORE,
    "holes": HOLE,
    "parents": np.dtype("u8"),
    "slots": np.dtype("u8"),
    "buckets": np.dtype("i4"),
    "crowds": np.dtype("i4"),
    "nodes": np.dtype("i4"),
    "ring": np.dtype("u1"),
    "ring_words": np.dtype("i8"),
    "expected": EXPECTED,
    "out_rows": ROW,
    "out_more": MORE,
    "out_ends": END,
    "out_parents": np.dtype("u8"),
    "out_streams": STREAM,
    "out_data": np.dtype("u1"),
    "out_pieces": np.dtype("i8"),
    "words": np.dtype("u8"),
}
_NUMBERS = (
    *("clock", "tick", "serial", "live", "hand", "packets", "written", "out", "out_bytes", "lost"),
    *("free_row", "started_row", "free_end", "started_end", "free_more", "started_more", "free_hole", "started_hole"),
    *("free_node", "started_node"),
)
MEMORY = np.dtype(
    [
        *((name, "i8") for name in _NUMBERS),
        ("k0", "u8"),
        ("k1", "u8"),
        *((field, "i8") for name in _ARRAYS for field in (name, f"{name}_length")),
    ]
)
"""What kernels take of a table: its numbers, and where its arrays lie."""

_MADE = {name: array_of(name, dtype) for name, dtype in _ARRAYS.items()}
all_rows, all_ends, all_more, all_holes = _MADE["rows"], _MADE["ends"], _MADE["more"], _MADE["holes"]
all_parents, all_slots, ring_bytes, ring_words = _MADE["parents"], _MADE["slots"], _MADE["ring"], _MADE["ring_words"]
all_buckets, all_crowds, all_nodes = _MADE["buckets"], _MADE["crowds"], _MADE["nodes"]
all_expected, hash_words = _MADE["expected"], _MADE["words"]
out_rows, out_more, out_ends, out_parents = (_MADE[f"out_{name}"] for name in ("rows", "more", "ends", "parents"))
out_streams, out_data, out_pieces = (_MADE[f"out_{name}"] for name in ("streams", "data", "pieces"))


class Table:
    """The memory of a flow table, of a fixed size.

    It is touched only as flows come. Kernels take `memory`; the other attributes show the same.

    Args:
        capacity: Flows.
        seed: Of the hash's key; None draws one.
        ring_bytes: Room for the first bytes of directions (prefix.py), a multiple of 8.
        out: Room for rows that go out.

    Attributes:
        memory: The MEMORY record. `clock` is the time of the latest packet, `tick` the bucket of the wheel that is due,
            `serial` counts flows, `live` is how many there are, `packets` those taken, `written` the place in the ring,
            `out` and `out_bytes` say how much of the room for rows is taken, `lost` counts directions whose first bytes
            were overwritten before; k0 and k1 are the key of the hash. The others belong to pools.py.
        rows: [capacity] ROW.
        ends: [2 * capacity + 1] END; the first is that of a side that did not speak, and is never written to.
        more: [capacity + 1] MORE; the first is unused.
        holes: [HOLES + 1] HOLE; the first is unused.
        parents: [4 * capacity] uint64: names of the tunnels that carried a flow, two words each (uid.py).
        slots: [power of two >= 2 * capacity] uint64: tag in the upper half, row + 1 in the lower, 0 is empty.
        buckets: [BUCKETS] int32: the newest node of each bucket, -1 if none; crowds: how many rows stand in it.
        nodes: [NODE * n] int32: the node before, then NODE - 1 rows; only a bucket's newest node is not full.
        ring: [ring_bytes] uint8, and ring_words, the same memory as int64.
        expected: [ROOM] EXPECTED: flows that were announced (announced.py).
        out_rows: [out] ROW; `next` is where the flow lies in the table.
        out_more: [out] MORE, set for flows that have it, as far as their packets and pauses go.
        out_ends: [2 * out] END: originator, responder.
        out_parents: [4 * out] uint64, set for flows that came through a tunnel.
        out_streams: [out] STREAM: where first bytes lie in out_data, [DATA_BYTES] uint8.
        out_pieces: [256] int64: scratch for `prefix.join`.
        words: [6 * GROUP] uint64: scratch of the hash.
    """

    def __init__(self, capacity: int, seed: int | None, ring_bytes: int = 1 << 20, out: int = 1024) -> None:
        self.memory: Record = np.zeros(1, MEMORY)[0]
        self.rows = self._array("rows", capacity)
        self.ends = self._array("ends", 2 * capacity + 1)
        for name in ("delivered", "trimmed", "reach"):
            self.ends[name][0] = 1
        self.more = self._array("more", capacity + 1)
        self.holes = self._array("holes", HOLES + 1)
        self.parents = self._array("parents", 4 * capacity)
        self.slots = self._array("slots", 1 << (2 * capacity - 1).bit_length())
        self.buckets = self._array("buckets", BUCKETS)
        self.buckets[:] = -1
        self.crowds = self._array("crowds", BUCKETS)
        self.nodes = self._array("nodes", NODE * (capacity // (NODE - 1) + BUCKETS + 1))
        self.ring_words = self._array("ring_words", ring_bytes // 8)
        self.ring = self.ring_words.view(np.uint8)
        self._place("ring", self.ring)
        self.expected = self._array("expected", ROOM)
        self.out_rows = self._array("out_rows", out)
        self.out_more = self._array("out_more", out)
        self.out_ends = self._array("out_ends", 2 * out)
        self.out_parents = self._array("out_parents", 4 * out)
        self.out_streams = self._array("out_streams", out)
        self.out_data = self._array("out_data", DATA_BYTES)
        self.out_pieces = self._array("out_pieces", 256)
        self.words = self._array("words", 6 * GROUP)
        memory = self.memory
        for name in ("free_row", "free_end", "free_more", "free_hole", "free_node"):
            memory[name] = -1
        for name in ("started_end", "started_more", "started_hole"):
            memory[name] = 1
        memory["written"] = 8  # so that no place is 0
        memory["k0"], memory["k1"] = _key(seed)

    def _array(self, name: str, length: int) -> npt.NDArray[Any]:
        size = length * _ARRAYS[name].itemsize
        made = np.zeros(size + PAGE, np.uint8)
        at = -made.ctypes.data % PAGE
        made = made[at : at + size].view(_ARRAYS[name])
        self._place(name, made)
        return made

    def _place(self, name: str, array: npt.NDArray[Any]) -> None:
        self.memory[name], self.memory[f"{name}_length"] = array.ctypes.data, len(array)


def _key(seed: int | None) -> npt.NDArray[np.uint64]:
    if seed is None:  # without numpy.random, which takes 20 ms to load
        return np.frombuffer(os.urandom(16), np.uint64)
    return np.random.default_rng(seed).integers(0, 2**64, 2, dtype=np.uint64)


@lean_kernel
def clear(end: Record) -> None:
    """Make an END that of a side that did not speak."""
    end.packets = end.ip_bytes = end.last_ns = end.gap_sum = end.gap_min = end.gap_max = 0
    end.size_squares = end.gap_squares = np.uint64(0)
    end.last = end.acked = end.fin_seq = end.prefix_at = 0
    end.delivered = end.trimmed = end.reach = 1
    end.size_min = end.size_max = end.gap_squares_hi = end.psh = end.start_seq = 0
    end.state = end.did_close = end.order = end.prefix_done = end.previous_state = end.eof = 0
    end.last_syn = end.last_fin = end.last_rst = 0
    end.fin = end.syn = end.rst = end.urg = end.ece = end.cwr = end.bare = 0
    end.hole = end.prefix_bytes = end.prefix_pieces = end.gap_squares_top = 0
