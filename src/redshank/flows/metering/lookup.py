"""Finding the flows of many packets at once, so that memory is on its way before it is needed.

In: PACKET records. Out: their KEYs, each with its hash and the row where the flow probably is; the cache lines of
slots, rows, ends and payloads have been asked for: a flow table is larger than any cache, and each packet's flow lies
somewhere else. Nothing is changed, and nothing here is final: the packets before may still begin, end or move the flow.
"""

import numpy as np
import numpy.typing as npt

from redshank.capture.packet import CARRIES
from redshank.core.kernel import lean_kernel
from redshank.flows.metering.machine import prefetch
from redshank.flows.metering.orient import TCP, key_of
from redshank.flows.metering.slots import hash_of, probe
from redshank.flows.metering.table import FIRST, Int, Memory, Records, all_ends, all_more, all_rows, all_slots

BATCH = 64
"""Packets looked up at once: their lines fit into the smallest cache."""
_LINE = 64


@lean_kernel
def look_up(packets: Records, data: npt.NDArray[np.uint8], start: Int, stop: Int, t: Memory, keys: Records) -> None:
    """Fill keys[0 : stop - start] for packets[start:stop]; what is not metered has version 0."""
    mask = len(all_slots(t)) - 1
    k0, k1 = t.k0, t.k1
    for k in range(stop - start):
        packet, key = packets[start + k], keys[k]
        key.row = -1
        key.version = 0
        if packet.version != 0 and packet.carrier != CARRIES:
            key_of(packet, key)
            tag = np.int64(hash_of(key, k0, k1) & np.uint64(0xFFFFFFFF))
            key.tag = tag
            prefetch(all_slots(t), tag & mask, 0)
            if packet.payload_captured > 0:
                prefetch(data, np.int64(packet.payload_offset), 0)
    for k in range(stop - start):
        key = keys[k]
        if key.version != 0:
            index = probe(all_slots(t), 0 + key.tag)
            key.row = index
            if index >= 0:
                prefetch(all_rows(t), index, 0)
                prefetch(all_rows(t), index, _LINE)
    for k in range(stop - start):
        key = keys[k]
        if key.row >= 0:
            row = all_rows(t)[key.row]
            orig, resp = np.int64(row.orig_end), np.int64(row.resp_end)
            if row.orig_is_a != key.from_a:
                orig, resp = resp, orig
            prefetch(all_ends(t), orig, 0)
            prefetch(all_ends(t), orig, _LINE)
            if key.proto == TCP:
                prefetch(all_ends(t), resp, _LINE)
            if row.more > 0 and row.packets < FIRST:
                prefetch(all_more(t), np.int64(row.more), 0)
                prefetch(all_more(t), np.int64(row.more), _LINE)
            if row.packets + 1 >= row.due_packets:
                for line in range(2 * _LINE, 4 * _LINE, _LINE):
                    prefetch(all_rows(t), np.int64(key.row), line)
                    prefetch(all_more(t), np.int64(row.more), line)
                prefetch(all_ends(t), resp, 0)
