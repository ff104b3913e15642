"""The compiled loop of the meter: one packet after the other into the flow table.

In: PACKET records. Out: rows, counts. meter.py says what the rules are; each rule lives in one module: who is who in
orient.py, TCP in tcp.py, ends in deadline.py, interim rows in interim.py, memory in table.py and pools.py.
"""

import numpy as np
import numpy.typing as npt

from redshank.capture.packet import CARRIES, METERED_CARRIER
from redshank.core.kernel import inlined, lean_kernel
from redshank.flows.metering import interim
from redshank.flows.metering.announced import BITS, FIRST, announce, announced
from redshank.flows.metering.deadline import deadline
from redshank.flows.metering.emit import BY_PACKETS, CLOSED, END_OF_INPUT, EVICTED, emit, room
from redshank.flows.metering.history import CHECKSUM, DATA_BIT, flipped, once, scaled
from redshank.flows.metering.lookup import STEPS, key_at, look_up
from redshank.flows.metering.moments import count
from redshank.flows.metering.orient import ICMP, ICMPV6, SYN, TCP, UDP, roles_exchanged
from redshank.flows.metering.pools import end_of, more_of, take_row, victim
from redshank.flows.metering.prefix import keep_datagram
from redshank.flows.metering.sequence import note
from redshank.flows.metering.slots import find, insert, same_key
from redshank.flows.metering.table import (
    GROUP,
    Int,
    Memory,
    Record,
    Records,
    all_ends,
    all_expected,
    all_more,
    all_parents,
    all_rows,
    all_slots,
)
from redshank.flows.metering.tcp import begins_anew, count_flags, plain, segment
from redshank.flows.metering.uid import tunnel_uid, uid_of
from redshank.flows.metering.wheel import BUCKET_BITS, due, end, link, settle, sweep, unlink

TOLERANCE_NS = 60_000_000_000
"""A packet older than this (by the clock) sets the clock back; less is disorder of the capture."""
LAST_NS = 1 << 62
"""Times are clamped to 0..LAST_NS (the year 2116), so that sums of times fit in 64 bits."""
DEPTHS = 16
"""Tunnels inside each other whose names are known."""

ANOMALIES = ("time_went_back", "flow_evicted", "checksum_bad", "payload_evicted")
"""What the meter counts, by index. `flow_evicted`: the table was full; `payload_evicted`: the first bytes of a
direction were overwritten before a row with them went out."""
_WENT_BACK, _EVICTED, _BAD_CHECKSUM = range(3)


@lean_kernel
def _begin(t: Memory, packet: Record, key: Record, now: Int, limits: Record) -> Int:
    """Begin a flow with its first packet; the caller made sure that a row is free. Returns the row."""
    index = take_row(t)
    row = all_rows(t)[index]
    row.a_hi, row.a_lo, row.a_port = key.a_hi, key.a_lo, key.a_port
    row.b_hi, row.b_lo, row.b_port = key.b_hi, key.b_lo, key.b_port
    row.proto, row.version, row.one_way = key.proto, key.version, key.one_way
    row.tag = key.tag
    row.live = 1
    row.partial = row.first_seen = row.close_deferred = row.established = row.history_length = row.parents = 0
    row.history_seen = row.pauses = 0
    row.packets = row.ip_bytes = row.missed_bytes = row.attempt_ns = row.delete_ns = 0
    row.first_ns = row.last_ns = row.seen_ns = now
    row.orig_end = row.resp_end = row.more = 0
    row.first_size = 0
    row.services = np.uint64(0)
    row.vlan = packet.vlan
    t.serial += 1
    row.serial = t.serial
    interim.begin(row, limits)
    exchange = roles_exchanged(packet)
    row.orig_is_a = key.from_a != exchange
    row.orig_mac, row.resp_mac = packet.src_mac, packet.dst_mac
    if exchange:
        row.orig_mac, row.resp_mac = packet.dst_mac, packet.src_mac
        flipped(row)
    if row.proto == TCP:
        row.services = BITS[announced(all_expected(t), row, now)]
    insert(all_slots(t), 0 + key.tag, index)
    t.live += 1
    return index


@inlined
def _take(
    t: Memory,
    packet: Record,
    key: Record,
    data: npt.NDArray[np.uint8],
    now: Int,
    index: Int,
    limits: Record,
    counts: npt.NDArray[np.int64],
) -> None:
    """Take a packet into its flow, and say when the flow ends if nothing more comes."""
    row = all_rows(t)[index]
    side = 0 if row.orig_is_a == key.from_a else 1
    if packet.bad_checksum and limits.checksums:
        counts[_BAD_CHECKSUM] += 1
        if row.proto in (TCP, UDP):
            more = all_more(t)[more_of(t, index)]
            more.bad_checksums[side] += 1
            scaled(row, more.bad_checksums[side], CHECKSUM, side)
        row.deadline_ns = deadline(row, all_ends(t)[row.orig_end], all_ends(t)[row.resp_end], limits)
        return
    size = 0 + packet.ip_length
    if row.proto == TCP:
        sender = all_ends(t)[row.orig_end if side == 0 else row.resp_end]
        peer = all_ends(t)[row.resp_end if side == 0 else row.orig_end]
        if plain(t, index, sender, peer, side, packet, data, now):
            row.deadline_ns = now + limits.tcp_idle
        else:
            side = segment(t, index, side, packet, data, now, limits)
            sender = all_ends(t)[row.orig_end if side == 0 else row.resp_end]
            row.deadline_ns = deadline(row, all_ends(t)[row.orig_end], all_ends(t)[row.resp_end], limits)
        count_flags(sender, 0 + packet.tcp_flags)
        if packet.payload_captured > 0 and FIRST[data[packet.payload_offset]]:
            announce(all_expected(t), packet, data)
    else:
        sender = all_ends(t)[end_of(t, index, side)]
        row.last_ns = now
        if sender.packets == 0:
            sender.reach = 0
        if row.proto in (UDP, ICMP, ICMPV6):
            sender.reach += max(0 + packet.payload_length, 0)
        if row.proto == UDP:
            once(row, DATA_BIT, 68, side)
            if not sender.prefix_done and packet.payload_captured > 0:
                keep_datagram(t, sender, data, 0 + packet.payload_offset, 0 + packet.payload_captured)
        row.deadline_ns = deadline(row, sender, sender, limits)
    count(sender, size, now)
    note(t, index, key.from_a, size, now)


@lean_kernel
def _carried(t: Memory, index: Int, first: Int, second: Int) -> None:
    """Add the tunnel that a packet came through to those of its flow, if there is room for another."""
    row, names = all_rows(t)[index], all_parents(t)
    for place in range(row.parents):
        if names[4 * index + 2 * place] == first and names[4 * index + 2 * place + 1] == second:
            return
    if row.parents < 2:
        names[4 * index + 2 * row.parents] = first
        names[4 * index + 2 * row.parents + 1] = second
        row.parents += 1


@lean_kernel
def _time(t: Memory, now: Int, limits: Record, counts: npt.NDArray[np.int64]) -> bool:
    """Set the clock to the time of a packet and settle what is due; False if there was no room for it."""
    clock = t.clock
    if t.packets == 0:
        t.tick = now >> BUCKET_BITS
        clock = now
    elif now >= clock:
        clock = now
    elif clock - now > TOLERANCE_NS:
        counts[_WENT_BACK] += 1
        t.clock = now
        t.tick = now >> BUCKET_BITS
        return True
    if t.tick < clock >> BUCKET_BITS and not sweep(t, clock, limits):
        return False
    counts[_WENT_BACK] += now < clock
    t.clock = clock
    return True


@lean_kernel
def _settled(t: Memory, packet: Record, key: Record, limits: Record, counts: npt.NDArray[np.int64]) -> Int:
    """Return the row that a packet belongs to, or -1 if it begins a flow, for which a row is free then."""
    clock = t.clock
    index: Int = np.int64(key.row)
    if index < 0 or not all_rows(t)[index].live or not same_key(all_rows(t)[index], key):
        index = find(all_slots(t), all_rows(t), key, 0 + key.tag)
    if index >= 0:
        row = all_rows(t)[index]
        if due(row) <= clock and settle(t, index, clock, limits):
            index = -1
        elif row.proto == TCP and begins_anew(
            all_ends(t)[row.orig_end], all_ends(t)[row.resp_end], 0 + packet.tcp_flags, 0 + packet.seq
        ):
            end(t, index, CLOSED)
            index = -1
    if index < 0 and t.live == len(all_rows(t)):
        counts[_EVICTED] += 1
        given_up = victim(t)
        if not settle(t, given_up, clock, limits):
            end(t, given_up, EVICTED)
    return index


@inlined
def _clocked(t: Memory, now: Int, limits: Record, counts: npt.NDArray[np.int64]) -> bool:
    """Do what `_time` does, at once where time went on and no bucket is due."""
    if now >= t.clock and now >> BUCKET_BITS <= t.tick:
        t.clock = now
        return True
    return _time(t, now, limits, counts)


@inlined
def _flow_of(t: Memory, packet: Record, key: Record, limits: Record, counts: npt.NDArray[np.int64]) -> Int:
    """Do what `_settled` does, at once where the flow is where it was, nothing of it is due and it goes on."""
    index = np.int64(key.row)
    if index >= 0:
        row = all_rows(t)[np.uint64(index)]
        if row.live and same_key(row, key) and due(row) > t.clock and not (row.proto == TCP and packet.tcp_flags & SYN):
            return index
    return _settled(t, packet, key, limits, counts)


@lean_kernel
def feed(
    packets: Records,
    data: npt.NDArray[np.uint8],
    start: Int,
    t: Memory,
    limits: Record,
    counts: npt.NDArray[np.int64],
    keys: Records,
    carriers: npt.NDArray[np.uint64],
) -> Int:
    """Take packets from `start` on; return where it stopped: at the end, or because the room for rows is full."""
    for first in range(start, len(packets) + STEPS * GROUP, GROUP):
        look_up(packets, data, start, first, t, keys)
        at = first - STEPS * GROUP
        for place in range(max(at, start), min(at + GROUP, len(packets))):
            packet, key = packets[np.uint64(place)], key_at(keys, place)
            depth = 0 + packet.depth
            if packet.version == 0:
                continue
            if packet.carrier == CARRIES:
                if depth < DEPTHS:
                    carriers[depth, 0], carriers[depth, 1] = tunnel_uid(packet)
                continue
            now = min(max(packet.ts_ns, 0), LAST_NS)
            if not room(t) or not _clocked(t, now, limits, counts):
                return place
            t.packets += 1
            index = _flow_of(t, packet, key, limits, counts)
            fresh = index < 0
            if fresh:
                index = _begin(t, packet, key, now, limits)
            row = all_rows(t)[np.uint64(index)]
            before = 0 if fresh else due(row)
            _take(t, packet, key, data, now, index, limits, counts)
            if depth > 0 and depth <= DEPTHS:
                _carried(t, index, carriers[depth - 1, 0], carriers[depth - 1, 1])
            if packet.carrier == METERED_CARRIER and depth < DEPTHS:
                carriers[depth, 0], carriers[depth, 1] = uid_of(row)
            if row.packets >= row.due_packets:
                emit(t, index, BY_PACKETS)
                interim.told(row, now, limits)
            if fresh:
                link(t, index)
            elif due(row) < before:
                unlink(t, index)
                link(t, index)
    return len(packets)


@lean_kernel
def watch(t: Memory, clock: Int, limits: Record) -> bool:
    """Settle all that is due by `clock`; False if there was no room for all rows: take them and come again."""
    while t.tick < clock >> BUCKET_BITS:
        if not sweep(t, clock, limits):
            return False
    return True


@lean_kernel
def finish(order: npt.NDArray[np.int64], start: Int, t: Memory, limits: Record) -> Int:
    """End the rows of `order` from `start` on with the input; return where it stopped for lack of room, or the end."""
    for k in range(start, len(order)):
        if not room(t):
            return k
        if not settle(t, order[k], t.clock, limits):
            end(t, order[k], END_OF_INPUT)
    return len(order)


@lean_kernel
def remember(rows: Records, sent: Records) -> Int:
    """Write the services of interim rows into the flows that go on; return how many of them ended meanwhile."""
    ended = 0
    for k in range(len(sent)):
        if sent[k].reason >= BY_PACKETS and sent[k].services != 0:
            row = rows[sent[k].next]
            if row.live and row.serial == sent[k].serial:
                row.services |= sent[k].services
            else:
                ended += 1
    return ended
