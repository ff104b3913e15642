"""The compiled loop of the meter: one packet after the other into the flow table.

In: PACKET records. Out: rows of ended flows, first payloads, counts. meter.py says what the rules are; each rule lives
in one module: who is who in orient.py, TCP in tcp.py, deadlines in deadline.py, memory in table.py and wheel.py.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows import table
from redshank.flows.deadline import deadline, is_over
from redshank.flows.history import CHECKSUM, DATA_BIT, flipped, once, scaled
from redshank.flows.orient import ICMP, ICMPV6, TCP, UDP, key_of, roles_exchanged
from redshank.flows.stream import INACTIVE
from redshank.flows.table import (
    BUCKET_BITS,
    CLOCK,
    LIVE,
    OUT,
    PACKETS,
    PAYLOAD_COUNT,
    SERIAL,
    TICK,
    Int,
    Record,
    Records,
)
from redshank.flows.tcp import begins_anew, segment
from redshank.flows.wheel import CLOSED_REASON, END_REASON, EVICTED_REASON, end, link, past_deadline, sweep, unlink

TOLERANCE_NS = 60_000_000_000
"""A packet older than this (by the clock) sets the clock back; less is disorder of the capture."""
LAST_NS = 1 << 62
"""Times are clamped to 0..LAST_NS (the year 2116), so that sums of times fit in 64 bits."""

ANOMALIES = ("time_went_back", "fragment_without_first", "flow_evicted", "checksum_bad")
"""What the meter counts, by index. `flow_evicted`: the table was full."""
WENT_BACK, LOST_FRAGMENT, EVICTED, BAD_CHECKSUM = range(4)


@kernel
def _begin(
    packet: Record,
    wanted: Record,
    from_a: bool,  # noqa: FBT001  numba kernel
    tag: Int,
    now: Int,
    rows: Records,
    ends: Records,
    slots: npt.NDArray[np.uint64],
    state: npt.NDArray[np.int64],
) -> Int:
    """Begin a flow with its first packet; the caller made sure that a row is free. Returns the row."""
    index = table.take(rows, state)
    row = rows[index]
    row.a_hi, row.a_lo, row.a_port = wanted.a_hi, wanted.a_lo, wanted.a_port
    row.b_hi, row.b_lo, row.b_port = wanted.b_hi, wanted.b_lo, wanted.b_port
    row.proto, row.version, row.one_way = wanted.proto, wanted.version, wanted.one_way
    row.tag = tag
    row.live = 1
    row.reason = row.partial = row.first_seen = row.close_deferred = row.established = 0
    row.history_length = row.payload_seen = 0
    row.history_seen = 0
    row.first_ns = row.last_ns = now
    row.attempt_ns = row.delete_ns = row.missed_bytes = 0
    row.services[0] = row.services[1] = 0
    row.vlan = packet.vlan
    state[SERIAL] += 1
    row.serial = state[SERIAL]
    for side in range(2):
        end = ends[2 * index + side]
        end.packets = end.ip_bytes = end.last_ns = end.gap_min = end.gap_max = 0
        end.payload_bytes = -1
        end.size_mean = end.size_m2 = end.gap_mean = end.gap_m2 = 0.0
        end.size_min = end.size_max = 0
        end.start_seq = end.last_seq = end.ack_seq = end.seq_wraps = end.ack_wraps = end.fin_seq = 0
        end.delivered = end.trimmed = end.data_end = 1
        end.last_syn = end.last_fin = end.last_rst = 0
        end.fins = end.gaps = end.retransmits = end.zero_windows = end.bad_checksums = 0
        end.state = end.previous_state = INACTIVE
        end.did_close = end.eof = end.given_up = end.blocks = 0
        end.flags[:] = 0
    exchange = roles_exchanged(packet)
    row.orig_is_a = from_a != exchange
    row.orig_mac, row.resp_mac = packet.src_mac, packet.dst_mac
    if exchange:
        row.orig_mac, row.resp_mac = packet.dst_mac, packet.src_mac
        flipped(row)
    table.insert(slots, tag, index)
    state[LIVE] += 1
    return index


@kernel
def _count(end: Record, packet: Record, now: Int) -> None:
    """Add one packet to the counts and to the running mean and spread (Welford) of its direction."""
    size = np.int64(packet.ip_length)
    end.packets += 1
    end.ip_bytes += size
    step = size - end.size_mean
    end.size_mean += step / end.packets
    end.size_m2 += step * (size - end.size_mean)
    if end.packets == 1:
        end.size_min = end.size_max = size
    else:
        end.size_min = min(end.size_min, size)
        end.size_max = max(end.size_max, size)
        gap = max(now - end.last_ns, 0)
        gaps = end.packets - 1
        distance = gap - end.gap_mean
        end.gap_mean += distance / gaps
        end.gap_m2 += distance * (gap - end.gap_mean)
        end.gap_min = gap if gaps == 1 else min(end.gap_min, gap)
        end.gap_max = max(end.gap_max, gap)
    end.last_ns = now


@kernel
def _take(
    packet: Record,
    now: Int,
    index: Int,
    side: Int,
    rows: Records,
    ends: Records,
    state: npt.NDArray[np.int64],
    timeouts: Record,
    counts: npt.NDArray[np.int64],
    payloads: Records,
) -> None:
    """Take a packet into its flow."""
    row = rows[index]
    if packet.bad_checksum and timeouts.checksums:
        counts[BAD_CHECKSUM] += 1
        if row.proto in (TCP, UDP):
            sender = ends[2 * index + side]
            sender.bad_checksums += 1
            scaled(row, sender.bad_checksums, CHECKSUM, side)
        return
    if row.proto == TCP:
        side = segment(rows, ends, index, side, packet, now, timeouts)
        for bit in range(8):
            ends[2 * index + side].flags[bit] += (packet.tcp_flags >> bit) & 1
    else:
        row.last_ns = now
        if row.proto in (UDP, ICMP, ICMPV6):
            sender = ends[2 * index + side]
            sender.payload_bytes = max(sender.payload_bytes, 0) + max(packet.payload_length, 0)
        if row.proto == UDP:
            once(row, DATA_BIT, 68, side)
    _count(ends[2 * index + side], packet, now)
    if packet.payload_captured > 0 and not row.payload_seen & (1 << side) and row.proto in (TCP, UDP):
        row.payload_seen |= 1 << side
        payload = payloads[state[PAYLOAD_COUNT]]
        state[PAYLOAD_COUNT] += 1
        payload.row, payload.serial, payload.side = index, row.serial, side
        payload.offset, payload.length = packet.payload_offset, packet.payload_captured
        payload.proto = row.proto
        payload.port = row.b_port if row.orig_is_a else row.a_port


@kernel
def _add_fragment(row: Record, sender: Record, packet: Record, now: Int) -> None:
    """Add a later fragment to the flow of the first: a datagram is one packet, as long as all its fragments."""
    sender.ip_bytes += packet.payload_length
    if row.proto in (UDP, ICMP, ICMPV6):
        sender.payload_bytes += packet.payload_length
        if not row.single:  # a flow of one datagram has no duration
            row.last_ns = now


@kernel
def feed(
    packets: Records,
    start: Int,
    rows: Records,
    ends: Records,
    slots: npt.NDArray[np.uint64],
    buckets: npt.NDArray[np.int32],
    fragments: Records,
    state: npt.NDArray[np.int64],
    key: npt.NDArray[np.uint64],
    timeouts: Records,
    counts: npt.NDArray[np.int64],
    out_rows: Records,
    out_ends: Records,
    payloads: Records,
    scratch: Records,
) -> Int:
    """Take packets from `start` on; return where it stopped: at the end, or because the room for results is full."""
    wanted = scratch[0]
    limits = timeouts[0]
    k0, k1 = key[0], key[1]
    for at in range(start, len(packets)):
        packet = packets[at]
        if packet.version == 0:
            continue
        if state[OUT] >= len(out_rows) - 2 or state[PAYLOAD_COUNT] >= len(payloads):
            return at
        now = min(max(packet.ts_ns, 0), LAST_NS)
        if state[PACKETS] == 0:
            state[CLOCK] = now
            state[TICK] = now >> BUCKET_BITS
        elif now >= state[CLOCK]:
            state[CLOCK] = now
        else:
            counts[WENT_BACK] += 1
            if state[CLOCK] - now > TOLERANCE_NS:
                state[CLOCK] = now
                state[TICK] = now >> BUCKET_BITS
        if state[TICK] < state[CLOCK] >> BUCKET_BITS and not sweep(
            rows, ends, slots, buckets, state, limits, out_rows, out_ends
        ):
            return at
        state[PACKETS] += 1

        from_a = key_of(packet, wanted)
        ports = (np.uint64(wanted.a_port) << np.uint64(32)) | (np.uint64(wanted.b_port) << np.uint64(16))
        ports |= (
            np.uint64(wanted.proto) << np.uint64(8)
            | np.uint64(wanted.one_way) << np.uint64(4)
            | np.uint64(wanted.version)
        )
        hashed = table.siphash(k0, k1, wanted.a_hi, wanted.a_lo, wanted.b_hi, wanted.b_lo, ports)
        tag = np.int64(hashed & np.uint64(0xFFFFFFFF))
        index = table.find(slots, rows, wanted, tag)
        if index >= 0:
            row = rows[index]
            if is_over(row, state[CLOCK], limits):
                end(rows, ends, slots, buckets, state, index, past_deadline(row), out_rows, out_ends)
                index = -1
            elif row.proto == TCP and begins_anew(
                ends[2 * index], ends[2 * index + 1], np.int64(packet.tcp_flags), np.int64(packet.seq)
            ):
                end(rows, ends, slots, buckets, state, index, CLOSED_REASON, out_rows, out_ends)
                index = -1
        fresh = index < 0
        if fresh:
            if state[LIVE] == len(rows):
                counts[EVICTED] += 1
                given_up = table.victim(rows, state)
                end(rows, ends, slots, buckets, state, given_up, EVICTED_REASON, out_rows, out_ends)
            index = _begin(packet, wanted, from_a, tag, now, rows, ends, slots, state)
        side = 0 if rows[index].orig_is_a == from_a else 1
        _take(packet, now, index, side, rows, ends, state, limits, counts, payloads)
        rows[index].single = fresh
        before = rows[index].deadline_ns
        rows[index].deadline_ns = deadline(rows[index], ends[2 * index], ends[2 * index + 1], limits)
        if fresh:
            link(rows, buckets, state[TICK], index)
        elif rows[index].deadline_ns < before:
            unlink(rows, buckets, index)
            link(rows, buckets, state[TICK], index)
    return len(packets)


@kernel
def finish(
    order: npt.NDArray[np.int64],
    rows: Records,
    ends: Records,
    slots: npt.NDArray[np.uint64],
    buckets: npt.NDArray[np.int32],
    state: npt.NDArray[np.int64],
    timeouts: Records,
    out_rows: Records,
    out_ends: Records,
) -> None:
    """End the rows of `order` with the input, or for the deadline they had passed; there is room for all of them."""
    for index in order:
        over = is_over(rows[index], state[CLOCK], timeouts[0])
        reason = past_deadline(rows[index]) if over else END_REASON
        end(rows, ends, slots, buckets, state, index, reason, out_rows, out_ends)
