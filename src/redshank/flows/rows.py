"""Rows of the flow table -> FLOW batches.

In: ended ROWs and their ENDs. Out: a FLOW batch with everything the meter knows: conn_state read off the states of the
two ends, texts of addresses, `uid` and Community ID. What one packet cannot have (a duration, byte counts, as in Zeek;
gaps between packets) is null.
`uid` looks like Zeek's, but is a function of the flow's tuple and first time: a replay gives the same one.
Source: Zeek's manual, conn.log; Zeek's rule for RSTOS0 reads the history.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import kernel
from redshank.core.schema import TIMESTAMP, flow_batch
from redshank.flows.community_id import community_ids
from redshank.flows.orient import ICMP, ICMPV6, TCP, UDP
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
from redshank.flows.table import Int, Record, Records, siphash
from redshank.flows.text import addresses, macs, texts
from redshank.flows.wheel import REASONS

STATES = ("OTH", "S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR")
_OTH, _S0, _S1, _SF, _REJ, _S2, _S3, _RSTO, _RSTR, _RSTOS0, _RSTRH, _SH, _SHR = range(13)
_ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", np.uint8)
_UID_KEYS = np.array([[1, 2], [3, 4]], np.uint64)  # public constants: a uid is a name, not a secret
_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")


@kernel
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


@kernel
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
    uids: npt.NDArray[np.uint8],
    alphabet: npt.NDArray[np.uint8],
    keys: npt.NDArray[np.uint64],
) -> None:
    """Fill [n] states, [2 n] payload bytes and [n, 18] uid letters."""
    for k in range(len(rows)):
        row, orig, resp = rows[k], ends[2 * k], ends[2 * k + 1]
        if row.proto == TCP:
            states[k] = _tcp_state(row, orig, resp)
            sizes[2 * k] = sent_bytes(orig, resp)
            sizes[2 * k + 1] = sent_bytes(resp, orig)
        else:
            states[k] = _OTH
            if row.proto == UDP:
                answered = resp.payload_bytes >= 0
                if orig.payload_bytes >= 0:
                    states[k] = _SF if answered else _S0
                elif answered:
                    states[k] = _SHR
            sizes[2 * k] = max(orig.payload_bytes, 0)
            sizes[2 * k + 1] = max(resp.payload_bytes, 0)
        ports = np.uint64(row.a_port) << np.uint64(32) | np.uint64(row.b_port) << np.uint64(16)
        ports |= np.uint64(row.proto) << np.uint64(8) | np.uint64(row.one_way)
        first = siphash(keys[0, 0], keys[0, 1], row.a_hi, row.a_lo, row.b_hi, row.b_lo, ports)
        second = siphash(keys[1, 0], keys[1, 1], first, np.uint64(row.first_ns), row.a_lo, row.b_lo, ports)
        first = siphash(keys[0, 0], keys[0, 1], second, np.uint64(row.first_ns), row.a_lo, row.b_lo, ports)
        uids[k, 0] = 67
        for digit in range(9):
            uids[k, 1 + digit] = alphabet[np.int64(first % np.uint64(62))]
            first //= np.uint64(62)
        for digit in range(8):
            uids[k, 10 + digit] = alphabet[np.int64(second % np.uint64(62))]
            second //= np.uint64(62)


def _direction(side: str, end: npt.NDArray[Any], tcp: npt.NDArray[np.bool_]) -> dict[str, object]:
    packets = end["packets"]
    none, single = packets == 0, packets < 2
    gaps = np.maximum(packets - 1, 1)
    columns: dict[str, object] = {
        f"{side}_size_min_bytes": pa.array(end["size_min"].astype(np.float64), mask=none),
        f"{side}_size_mean_bytes": pa.array(end["size_mean"], mask=none),
        f"{side}_size_max_bytes": pa.array(end["size_max"].astype(np.float64), mask=none),
        f"{side}_size_std_bytes": pa.array(np.sqrt(end["size_m2"] / np.maximum(packets, 1)), mask=none),
        f"{side}_gap_min_s": pa.array(end["gap_min"] / 1e9, mask=single),
        f"{side}_gap_mean_s": pa.array(end["gap_mean"] / 1e9, mask=single),
        f"{side}_gap_max_s": pa.array(end["gap_max"] / 1e9, mask=single),
        f"{side}_gap_std_s": pa.array(np.sqrt(np.maximum(end["gap_m2"], 0) / gaps) / 1e9, mask=single),
    }
    for bit, flag in enumerate(_FLAGS):
        columns[f"{side}_{flag}_count"] = pa.array(end["flags"][:, bit].astype(np.int64), mask=~tcp)
    return columns


def flow_rows(rows: npt.NDArray[Any], ends: npt.NDArray[Any], service: pa.Array | None = None) -> pa.RecordBatch:
    """Build the FLOW batch of ended flows.

    Standard deviations are those of the packets seen (divided by n, not n - 1).

    Args:
        rows: ROW records.
        ends: END records, originator and responder of each row.
        service: Text column of recognized services, null where none.

    Shape:
        rows: [n]; ends: [2 n]; service: [n].

    Example:
        >>> from redshank.flows.table import END, ROW
        >>> row = np.zeros(1, ROW)
        >>> row["proto"], row["version"], row["a_lo"], row["b_lo"] = 17, 4, 0x0A000001, 0x0A000002
        >>> flow_rows(row, np.zeros(2, END)).select(["src_ip", "dst_ip", "duration"]).to_pylist()
        [{'src_ip': '10.0.0.2', 'dst_ip': '10.0.0.1', 'duration': None}]
    """
    count = len(rows)
    states, sizes = np.zeros(count, np.uint8), np.zeros(2 * count, np.int64)
    uids = np.zeros((count, 18), np.uint8)
    _derive(rows, ends, states, sizes, uids, _ALPHABET, _UID_KEYS)
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
        "uid": texts(uids, np.full(count, 18)),
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
        "vlan": pa.array(rows["vlan"], mask=rows["vlan"] < 0),
        "part": pa.array(["final"] * count, pa.string()),
        "part_reason": pa.array(REASONS).take(pa.array(rows["reason"])),
        **_direction("src", orig, tcp),
        **_direction("dst", resp, tcp),
    }
    return flow_batch(columns, count)
