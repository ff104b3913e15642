"""Finding the flows of packets ahead of time, so that memory is on its way before it is needed.

In: PACKET records. Out: their KEYs, each with its hash and the row where the flow probably is; the cache lines of
slots, rows, ends and payloads have been asked for: a flow table is larger than a core's own cache, and each packet's
flow lies somewhere else. Nothing is changed, and nothing here is final: the packets before may still begin, end or move
the flow.
Each step makes known what the next one asks for. They work on groups of packets, each step a group ahead of the next
and the last a group ahead of the meter: what was asked for comes while the packets between are metered.
"""

import numpy as np
import numpy.typing as npt

from redshank.capture.packet import CARRIES
from redshank.core.kernel import inlined
from redshank.flows.metering.announced import set_of
from redshank.flows.metering.history import GAP
from redshank.flows.metering.machine import prefetch
from redshank.flows.metering.orient import TCP, key_of
from redshank.flows.metering.siphash import siphash_many
from redshank.flows.metering.slots import probe, rest_of
from redshank.flows.metering.table import (
    FIRST,
    GROUP,
    Int,
    Memory,
    Records,
    all_ends,
    all_expected,
    all_more,
    all_rows,
    all_slots,
    hash_words,
)

STEPS = 3
KEYS = 64
"""KEYs kept, by the number of their packet modulo this: more than GROUP * STEPS, a power of two."""
_LINE = 64
_LONG = 128
"""Packets after which the first bytes of a flow are hardly looked for any more."""


@inlined
def key_at(keys: Records, place: Int) -> Int:
    """Return the KEY of the packet at `place`."""
    return keys[np.uint64(place & (KEYS - 1))]


@inlined
def look_up(packets: Records, data: npt.NDArray[np.uint8], start: Int, first: Int, t: Memory, keys: Records) -> None:
    """Take the three steps ahead of the packets from `first` - STEPS * GROUP on, for those of packets[start:]."""
    if first < len(packets):
        _ask_slots(packets, data, first, min(first + GROUP, len(packets)), t, keys)
    at = first - GROUP
    if start <= at < len(packets):
        _ask_rows(packets, at, min(at + GROUP, len(packets)), t, keys)
    at -= GROUP
    if start <= at < len(packets):
        _ask_ends(packets, at, min(at + GROUP, len(packets)), t, keys)


@inlined
def _ask_slots(packets: Records, data: npt.NDArray[np.uint8], first: Int, stop: Int, t: Memory, keys: Records) -> None:
    """Write the KEYs; what is not metered has version 0."""
    words = hash_words(t)
    for place in range(first, stop):
        packet, key = packets[np.uint64(place)], key_at(keys, place)
        key.row = -1
        key.version = 0
        if packet.version != 0 and packet.carrier != CARRIES:
            key_of(packet, key)
            k = np.uint64(place - first)
            words[k], words[k + np.uint64(GROUP)] = key.a_hi, key.a_lo
            words[k + np.uint64(2 * GROUP)], words[k + np.uint64(3 * GROUP)] = key.b_hi, key.b_lo
            words[k + np.uint64(4 * GROUP)] = rest_of(key)
            prefetch(data, np.int64(packet.payload_offset), 0)
    siphash_many(t.k0, t.k1, words, GROUP)
    slots = all_slots(t)
    mask = len(slots) - 1
    for place in range(first, stop):
        tag = np.int64(words[np.uint64(5 * GROUP + place - first)] & np.uint64(0xFFFFFFFF))
        key_at(keys, place).tag = tag
        prefetch(slots, tag & mask, 0)


@inlined
def _ask_rows(packets: Records, first: Int, stop: Int, t: Memory, keys: Records) -> None:
    slots, rows = all_slots(t), all_rows(t)
    for place in range(first, stop):
        key = key_at(keys, place)
        if key.version != 0:
            index = probe(slots, 0 + key.tag)
            key.row = index
            prefetch(rows, index, 0)
            prefetch(rows, index, _LINE)
            if index < 0 and key.proto == TCP:
                waits = set_of(np.int64(packets[np.uint64(place)].dst_port))
                for line in range(0, 3 * _LINE, _LINE):
                    prefetch(all_expected(t), waits, line)


@inlined
def _ask_ends(packets: Records, first: Int, stop: Int, t: Memory, keys: Records) -> None:
    """Ask for what the packet will touch; no branch on what cannot be guessed, rather for a line that is there."""
    rows, ends, more = all_rows(t), all_ends(t), all_more(t)
    for place in range(first, stop):
        key = key_at(keys, place)
        if key.row >= 0:
            row, packet = rows[np.uint64(key.row)], packets[np.uint64(place)]
            orig, resp = np.int64(row.orig_end), np.int64(row.resp_end)
            other = orig ^ resp
            sender = orig if row.orig_is_a == key.from_a else resp
            prefetch(ends, sender, 0)
            prefetch(ends, sender, _LINE)
            prefetch(ends, other ^ sender if key.proto == TCP else sender, _LINE)
            prefetch(ends, sender, 2 * _LINE if (row.packets < _LONG) & (packet.payload_captured > 0) else _LINE)
            count = row.packets
            prefetch(more, np.int64(row.more) if count < FIRST else 0, 8 * count)
            # A flow with gaps in its data, or in time, probably has another.
            again = (row.history_seen >> GAP & 1 != 0) | (row.pauses > 0)
            prefetch(more, np.int64(row.more) if again else 0, 2 * _LINE)
            prefetch(rows, np.int64(key.row), 2 * _LINE if again else 0)
            if count + 1 >= row.due_packets:
                prefetch(rows, np.int64(key.row), 2 * _LINE)
                prefetch(rows, np.int64(key.row), 3 * _LINE)
                for line in range(0, 3 * _LINE, _LINE):
                    prefetch(ends, orig, line)
                    prefetch(ends, resp, line)
                    prefetch(more, np.int64(row.more), line)
