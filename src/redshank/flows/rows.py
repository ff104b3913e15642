"""Rows of the flow table -> FLOW batches.

In: rows that went out of the meter. Out: a FLOW batch with everything the meter knows: conn_state read off the states
of the two ends, texts of addresses, `uid` and Community ID. What one packet cannot have (a duration, byte counts, as in
Zeek; gaps between packets) is null. Standard deviations are those of the packets seen (divided by n, not n - 1).
Source: Zeek's manual, conn.log; Zeek's rule for RSTOS0 reads the history.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import kernel, lean_kernel
from redshank.core.schema import TIMESTAMP, flow_batch
from redshank.flows.community_id import community_ids
from redshank.flows.emit import INTERIM, REASONS
from redshank.flows.meter import Ended
from redshank.flows.moments import deviation
from redshank.flows.orient import ICMP, ICMPV6, TCP, UDP
from redshank.flows.sequence import bursts, first_packets
from redshank.flows.stream import (
    CLOSED,
    ESTABLISHED,
    INACTIVE,
    PARTIAL,
    RESET,
    SYN_ACK_SENT,
    SYN_SENT,
    sent_bytes,
)
from redshank.flows.table import Int, Record, Records
from redshank.flows.text import addresses, macs, texts
from redshank.flows.uid import ALPHABET, LENGTH, uid_of, write_uid

STATES = ("OTH", "S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR")
_OTH, _S0, _S1, _SF, _REJ, _S2, _S3, _RSTO, _RSTR, _RSTOS0, _RSTRH, _SH, _SHR = range(13)
_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")


@lean_kernel
def _reset_before_answer(row: Record) -> bool:
    """Match history with ^?S[^HAFGIQ]*R: the originator reset before it did anything but ask."""
    at = 1 if row.history_length > 0 and row.history[0] == 94 else 0
    if at >= row.history_length or row.history[at] != 83:
        return False
    for k in range(at + 1, row.history_length):
        letter = row.history[k]
        if letter == 82:
            return True
        if letter in (72, 65, 70, 71, 73, 81):
            return False
    return False


@lean_kernel
def _tcp_state(row: Record, orig: Record, resp: Record) -> Int:
    o, r = orig.state, resp.state
    o_silent, r_silent = o in (INACTIVE, PARTIAL), r in (INACTIVE, PARTIAL)
    if r == RESET:
        no_data = sent_bytes(orig, resp) == 0 and sent_bytes(resp, orig) == 0
        if o in (SYN_SENT, SYN_ACK_SENT) or (o == RESET and no_data):
            return _REJ
        return _RSTRH if o_silent else _RSTR
    if o == RESET:
        if not r_silent:
            return _RSTO
        return _RSTOS0 if _reset_before_answer(row) else _OTH
    if o == CLOSED and r == CLOSED:
        return _SF
    if o == CLOSED:
        return _SH if r_silent else _S2
    if r == CLOSED:
        return _SHR if o_silent else _S3
    if o == SYN_SENT and r == INACTIVE:
        return _S0
    return _S1 if o == ESTABLISHED and r == ESTABLISHED else _OTH


@kernel
def _derive(
    rows: Records,
    ends: Records,
    states: npt.NDArray[np.uint8],
    sizes: npt.NDArray[np.int64],
    spreads: npt.NDArray[np.float64],
    uids: npt.NDArray[np.uint8],
    alphabet: npt.NDArray[np.uint8],
) -> None:
    """Fill [n] states, [2 n] payload bytes, [2 n, 2] deviations of sizes and gaps, and [n, LENGTH] uid letters."""
    for k in range(len(rows)):
        row, orig, resp = rows[k], ends[2 * k], ends[2 * k + 1]
        if row.proto == TCP:
            states[k] = _tcp_state(row, orig, resp)
            sizes[2 * k] = sent_bytes(orig, resp)
            sizes[2 * k + 1] = sent_bytes(resp, orig)
        else:
            states[k] = _OTH
            if row.proto == UDP:
                if orig.packets > 0:
                    states[k] = _SF if resp.packets > 0 else _S0
                elif resp.packets > 0:
                    states[k] = _SHR
            sizes[2 * k] = orig.reach if orig.packets > 0 else 0
            sizes[2 * k + 1] = resp.reach if resp.packets > 0 else 0
        for side in range(2):
            end = ends[2 * k + side]
            spreads[2 * k + side, 0] = deviation(end.packets, end.ip_bytes, end.size_squares, 0)
            spreads[2 * k + side, 1] = deviation(end.packets - 1, end.gap_sum, end.gap_squares, end.gap_squares_hi)
        first, second = uid_of(row)
        write_uid(first, second, uids[k], 0, alphabet)


@kernel
def _parents(
    rows: Records,
    parents: npt.NDArray[np.uint64],
    letters: npt.NDArray[np.uint8],
    lengths: npt.NDArray[np.int64],
    alphabet: npt.NDArray[np.uint8],
) -> None:
    for k in range(len(rows)):
        count = rows[k].parents
        lengths[k] = max((LENGTH + 1) * count - 1, 0)
        if count > 0:
            write_uid(parents[k, 0], parents[k, 1], letters[k], 0, alphabet)
        if count > 1:
            letters[k, LENGTH] = 44  # a comma
            write_uid(parents[k, 2], parents[k, 3], letters[k], LENGTH + 1, alphabet)


def _direction(
    side: str, end: npt.NDArray[Any], spreads: npt.NDArray[np.float64], tcp: npt.NDArray[np.bool_]
) -> dict[str, object]:
    packets = end["packets"]
    none, single = packets == 0, packets < 2
    columns: dict[str, object] = {
        f"{side}_size_min_bytes": pa.array(end["size_min"].astype(np.float64), mask=none),
        f"{side}_size_mean_bytes": pa.array(end["ip_bytes"] / np.maximum(packets, 1), mask=none),
        f"{side}_size_max_bytes": pa.array(end["size_max"].astype(np.float64), mask=none),
        f"{side}_size_std_bytes": pa.array(np.ascontiguousarray(spreads[:, 0]), mask=none),
        f"{side}_gap_min_s": pa.array(end["gap_min"] / 1e9, mask=single),
        f"{side}_gap_mean_s": pa.array(end["gap_sum"] / np.maximum(packets - 1, 1) / 1e9, mask=single),
        f"{side}_gap_max_s": pa.array(end["gap_max"] / 1e9, mask=single),
        f"{side}_gap_std_s": pa.array(spreads[:, 1] / 1e9, mask=single),
    }
    for flag in _FLAGS:
        count = packets - end["bare"] if flag == "ack" else end[flag].astype(np.int64)
        columns[f"{side}_{flag}_count"] = pa.array(count, mask=~tcp)
    return columns


def flow_rows(
    ended: Ended, service: pa.Array | None = None, fields: dict[str, pa.Array] | None = None
) -> pa.RecordBatch:
    """Build the FLOW batch of rows that went out.

    Args:
        ended: The rows.
        service: Text column of recognized services, null where none.
        fields: Columns that services read.

    Shape:
        service: [n]; fields: [n] each.

    Example:
        >>> from redshank.capture.packet import PACKET
        >>> from redshank.flows.meter import Meter, MeterSettings
        >>> packet = np.zeros(1, PACKET)
        >>> packet["version"], packet["proto"], packet["src_lo"], packet["dst_lo"] = 4, 17, 0x0A000002, 0x0A000001
        >>> meter = Meter(MeterSettings(capacity=16))
        >>> list(meter.feed(packet, np.zeros(0, np.uint8)))
        []
        >>> flow_rows(next(meter.finish())).select(["src_ip", "dst_ip", "duration"]).to_pylist()
        [{'src_ip': '10.0.0.2', 'dst_ip': '10.0.0.1', 'duration': None}]
    """
    rows, ends, count = ended.rows, ended.ends, len(ended)
    states, sizes, spreads = np.zeros(count, np.uint8), np.zeros(2 * count, np.int64), np.zeros((2 * count, 2))
    uids = np.zeros((count, LENGTH), np.uint8)
    _derive(rows, ends, states, sizes, spreads, uids, ALPHABET)
    from_a = rows["orig_is_a"] == 1
    proto = rows["proto"]
    names = np.full(count, 3, np.int8)
    for value, name in ((TCP, 0), (UDP, 1), (ICMP, 2), (ICMPV6, 2)):
        names[proto == value] = name
    elapsed = rows["last_ns"] - rows["first_ns"]
    instant = elapsed <= 0
    orig, resp = ends[0::2], ends[1::2]
    src = addresses(
        rows["version"], np.where(from_a, rows["a_hi"], rows["b_hi"]), np.where(from_a, rows["a_lo"], rows["b_lo"])
    )
    dst = addresses(
        rows["version"], np.where(from_a, rows["b_hi"], rows["a_hi"]), np.where(from_a, rows["b_lo"], rows["a_lo"])
    )
    tcp = proto == TCP
    columns: dict[str, object] = {
        "ts": pa.array(rows["first_ns"]).cast(TIMESTAMP),
        "uid": texts(uids, np.full(count, LENGTH)),
        "src_ip": src,
        "src_port": pa.array(np.where(from_a, rows["a_port"], rows["b_port"]).astype(np.int32)),
        "dst_ip": dst,
        "dst_port": pa.array(np.where(from_a, rows["b_port"], rows["a_port"]).astype(np.int32)),
        "proto": pa.array(["tcp", "udp", "icmp", "unknown_transport"]).take(pa.array(names)),
        "service": service,
        "duration": pa.array(elapsed / 1e9, mask=instant),
        "src_bytes": pa.array(sizes[0::2], mask=instant),
        "dst_bytes": pa.array(sizes[1::2], mask=instant),
        "conn_state": pa.array(STATES).take(pa.array(states)),
        "missed_bytes": pa.array(rows["missed_bytes"]),
        "history": texts(rows["history"], rows["history_length"].astype(np.int64)),
        "src_pkts": pa.array(orig["packets"]),
        "src_ip_bytes": pa.array(orig["ip_bytes"]),
        "dst_pkts": pa.array(resp["packets"]),
        "dst_ip_bytes": pa.array(resp["ip_bytes"]),
        "ip_proto": pa.array(proto.astype(np.int32)),
        "community_id": community_ids(rows),
        "src_mac": macs(rows["orig_mac"]),
        "dst_mac": macs(rows["resp_mac"]),
        "vlan": pa.array(rows["vlan"].astype(np.int32), mask=rows["vlan"] < 0),
        "part": pa.array(["final", "interim"]).take(pa.array((rows["reason"] >= INTERIM).astype(np.int8))),
        "part_reason": pa.array(REASONS).take(pa.array(rows["reason"])),
        **_direction("src", orig, spreads[0::2], tcp),
        **_direction("dst", resp, spreads[1::2], tcp),
        **first_packets(rows, ended.more),
        **bursts(rows, ended.more),
        **(fields or {}),
    }
    if rows["parents"].any():
        letters, lengths = np.zeros((count, 2 * LENGTH + 1), np.uint8), np.zeros(count, np.int64)
        _parents(rows, ended.parents, letters, lengths, ALPHABET)
        columns["tunnel_parents"] = texts(letters, lengths)
    return flow_batch(columns, count)
