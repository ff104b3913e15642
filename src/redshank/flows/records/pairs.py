"""Unidirectional records -> flows of both directions.

In: records that each count one direction, in any order within a bounded time. Out: FLOW batches: a record and the one
that runs against it - the same protocol, addresses and ports exchanged, begun before the first was idle for too long -
become one row, the originator being the one that began first. A record without counterpart becomes a row that says
nothing of the other direction: null, not 0, since an exporter may have seen only one side.
Records wait for their counterpart in bounded memory; beyond it those that began first go without, and are counted.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from redshank.core.kernel import lean_kernel
from redshank.core.schema import FLOW
from redshank.flows.records.columns import ROWS, Count, ends_ns, numbers
from redshank.flows.records.other_tools import conn_state

IDLE_S = 60.0
CAPACITY = 65_536

_FLAGS = "tcp_flags"
_COUNTS = ("pkts", "ip_bytes")


class Pairs:
    """Finds the two directions of a flow.

    Args:
        count: Called with the name of an anomaly and how many records had it.
        idle_s: Seconds after a record's end in which its counterpart may begin.
        capacity: Records that wait at once.
    """

    def __init__(self, count: Count, idle_s: float = IDLE_S, capacity: int = CAPACITY) -> None:
        self._count = count
        self._idle_ns = int(idle_s * 1e9)
        self._capacity = capacity
        self._waiting = pa.Table.from_batches([], FLOW).append_column(_FLAGS, pa.array([], pa.int64()))
        self._latest_ns = 0

    def feed(self, records: pa.RecordBatch, flags: npt.NDArray[np.int64]) -> list[pa.RecordBatch]:
        """Take records of one direction each, in `src_*`, with their TCP flags (-1: untold); return what is settled."""
        table = pa.concat_tables(
            [self._waiting, pa.Table.from_batches([records]).append_column(_FLAGS, pa.array(flags))]
        )
        return self._settle(table.combine_chunks(), at_end=False)

    def finish(self) -> list[pa.RecordBatch]:
        """Return what still waits."""
        return self._settle(self._waiting, at_end=True)

    def _settle(self, table: pa.Table, *, at_end: bool) -> list[pa.RecordBatch]:
        if not len(table):
            return []
        begun = numbers(table.column("ts").combine_chunks())
        ended = ends_ns(begun, table.column("duration").combine_chunks())
        self._latest_ns = max(self._latest_ns, int(begun.max()))
        codes, against = _keys(table)
        order = np.lexsort((begun, codes))
        mate = np.full(len(table), -1, np.int64)
        _match(order, codes, against, begun, ended, self._idle_ns, mate, np.empty(len(order), np.int64))
        alone = mate < 0
        held = alone & (not at_end) & (ended + self._idle_ns >= self._latest_ns)
        over = int(held.sum()) - self._capacity
        if over > 0:
            oldest = np.flatnonzero(held)[np.argsort(begun[held], kind="stable")[:over]]
            held[oldest] = False
            self._count("pair_evicted", over)
        self._waiting = table.filter(pa.array(held)).combine_chunks()
        first = np.flatnonzero(~held & (alone | _leads(table, begun, mate)))
        self._count("one_direction_only", int((mate[first] < 0).sum()))
        return _rows(table, first, mate[first], begun, ended)


def _keys(table: pa.Table) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int8]]:
    """Return a number for each pair of ends, and which of the two ways a record runs."""
    ends = [
        pc.binary_join_element_wise(
            table.column(f"{side}_ip"), pc.coalesce(table.column(f"{side}_port").cast(pa.string()), ""), "|"
        )
        for side in ("src", "dst")
    ]
    against = pc.less(ends[1], ends[0])
    low, high = pc.if_else(against, ends[1], ends[0]), pc.if_else(against, ends[0], ends[1])
    proto = pc.coalesce(table.column("ip_proto").cast(pa.string()), "")
    keys = pc.binary_join_element_wise(proto, low, high, " ").combine_chunks()
    codes = keys.dictionary_encode().indices.to_numpy().astype(np.int64)
    return codes, against.combine_chunks().to_numpy(zero_copy_only=False).astype(np.int8)


@lean_kernel
def _match(
    order: npt.NDArray[np.int64],
    codes: npt.NDArray[np.int64],
    against: npt.NDArray[np.int8],
    begun: npt.NDArray[np.int64],
    ended: npt.NDArray[np.int64],
    idle_ns: int,
    mate: npt.NDArray[np.int64],
    lone: npt.NDArray[np.int64],
) -> None:
    """Give each record the first one that runs against it; records come sorted by key, then by time.

    `lone` has room for those of the present key that have no counterpart, all of one direction.
    """
    head = tail = 0
    for place in range(len(order)):
        at = order[place]
        if head < tail and codes[lone[head]] != codes[at]:
            head = tail = 0
        while head < tail and ended[lone[head]] + idle_ns < begun[at]:
            head += 1
        if head < tail and against[lone[head]] != against[at]:
            mate[lone[head]] = at
            mate[at] = lone[head]
            head += 1
        else:
            if head == tail:
                head = tail = 0
            lone[tail] = at
            tail += 1


def _leads(table: pa.Table, begun: npt.NDArray[np.int64], mate: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Tell of each record that has a counterpart whether it is the originator's.

    It began first; where a tool's clock does not tell, it goes to the lower port, or else stands first.
    """
    place = np.arange(len(mate))
    other = np.where(mate < 0, place, mate)
    src, dst = (numbers(table.column(f"{side}_port").combine_chunks()) for side in ("src", "dst"))
    icmp = pc.equal(table.column("proto"), "icmp").combine_chunks().fill_null(False).to_numpy(zero_copy_only=False)
    tied = begun == begun[other]
    ported = tied & ~icmp & (src != dst)
    leads: npt.NDArray[np.bool_] = np.select([ported, tied], [dst < src, place < other], begun < begun[other])
    return leads & (mate >= 0)


def _rows(
    table: pa.Table,
    first: npt.NDArray[np.int64],
    second: npt.NDArray[np.int64],
    begun: npt.NDArray[np.int64],
    ended: npt.NDArray[np.int64],
) -> list[pa.RecordBatch]:
    one = table.take(pa.array(first))
    other = table.take(pa.array(second, mask=second < 0))
    columns = {name: one.column(name) for name in FLOW.names}
    for count in _COUNTS:
        columns[f"dst_{count}"] = other.column(f"src_{count}")
    columns["dst_mac"] = pc.coalesce(other.column("src_mac"), one.column("dst_mac"))
    paired = second >= 0
    start = np.where(paired, np.minimum(begun[first], begun[second]), begun[first])
    end = np.where(paired, np.maximum(ended[first], ended[second]), ended[first])
    packets = numbers(columns["src_pkts"].combine_chunks()) + np.where(
        paired, numbers(columns["dst_pkts"].combine_chunks()), 0
    )
    columns["ts"] = pa.array(start, pa.int64(), mask=start < 0).cast(FLOW.field("ts").type)
    columns["duration"] = pa.array((end - start) / 1e9, mask=(packets == 1) | (start < 0))
    flags = [side.column(_FLAGS).combine_chunks().fill_null(-1).to_numpy(zero_copy_only=False) for side in (one, other)]
    counts = [numbers(columns[f"{side}_pkts"].combine_chunks()) for side in ("src", "dst")]
    state = conn_state(columns["proto"].combine_chunks(), flags[0], flags[1], counts[0], counts[1])
    # Of one direction alone a state would say that the other end was silent: nobody knows.
    known = paired | pc.fill_null(pc.equal(state, "OTH"), fill_value=False).to_numpy(zero_copy_only=False)
    columns["conn_state"] = pc.if_else(pa.array(known), state, pa.scalar(None, pa.string()))
    result = pa.table([columns[name] for name in FLOW.names], schema=FLOW).combine_chunks()
    batches: list[pa.RecordBatch] = result.to_batches(max_chunksize=ROWS)
    return batches
