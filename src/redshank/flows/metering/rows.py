"""Rows of the flow table -> FLOW batches.

In: rows that went out of the meter. Out: a FLOW batch with everything the meter knows: numbers, states, texts of
addresses, `uid` and Community ID. What one packet cannot have (a duration, byte counts, as in Zeek; gaps between
packets) is null.
Source: Zeek's manual, conn.log.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel
from redshank.core.schema import TIMESTAMP, flow_batch
from redshank.flows.meter import Ended
from redshank.flows.metering.community_id import community_ids
from redshank.flows.metering.conn_state import STATES
from redshank.flows.metering.emit import REASONS
from redshank.flows.metering.measures import measures
from redshank.flows.metering.sequence import first_packets
from redshank.flows.metering.table import Records
from redshank.flows.metering.text import addresses, macs, texts
from redshank.flows.metering.uid import ALPHABET, LENGTH, uid_of, write_uid

_TEXTS = {
    "proto": pa.array(["tcp", "udp", "icmp", "unknown_transport"]),
    "conn_state": pa.array(STATES),
    "part": pa.array(["final", "interim"]),
    "part_reason": pa.array(REASONS),
}


@lean_kernel
def _names(rows: Records, letters: npt.NDArray[np.uint8], alphabet: npt.NDArray[np.uint8]) -> None:
    for k in range(len(rows)):
        first, second = uid_of(rows[k])
        write_uid(first, second, letters[k], 0, alphabet)


@lean_kernel
def _ends(
    rows: Records,
    version: npt.NDArray[np.uint8],
    words: npt.NDArray[np.uint64],
    macs: npt.NDArray[np.uint64],
    lengths: npt.NDArray[np.int64],
) -> None:
    """Fill versions, [4, n] address words (source hi, lo, target hi, lo), [2, n] MACs, lengths of histories."""
    for k in range(len(rows)):
        row = rows[k]
        version[k] = row.version
        if row.orig_is_a:
            words[0, k], words[1, k], words[2, k], words[3, k] = row.a_hi, row.a_lo, row.b_hi, row.b_lo
        else:
            words[0, k], words[1, k], words[2, k], words[3, k] = row.b_hi, row.b_lo, row.a_hi, row.a_lo
        macs[0, k], macs[1, k] = row.orig_mac, row.resp_mac
        lengths[k] = row.history_length


@lean_kernel
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
    rows, count = ended.rows, len(ended)
    numbers, codes = measures(rows, ended.more, ended.ends)
    uids, version = np.empty((count, LENGTH), np.uint8), np.empty(count, np.uint8)
    words, links, letters = np.empty((4, count), np.uint64), np.empty((2, count), np.uint64), np.empty(count, np.int64)
    _names(rows, uids, ALPHABET)
    _ends(rows, version, words, links, letters)
    columns: dict[str, object] = {
        **numbers,
        **{name: _TEXTS[name].take(pa.array(code)) for name, code in codes.items()},
        "ts": numbers["ts"].view(TIMESTAMP),
        "uid": texts(uids, np.full(count, LENGTH)),
        "src_ip": addresses(version, words[0], words[1]),
        "dst_ip": addresses(version, words[2], words[3]),
        "service": service,
        "history": texts(rows["history"], letters),
        "community_id": community_ids(rows),
        "src_mac": macs(links[0]),
        "dst_mac": macs(links[1]),
        **first_packets(rows, ended.more),
        **(fields or {}),
    }
    if rows["parents"].any():
        parents, lengths = np.zeros((count, 2 * LENGTH + 1), np.uint8), np.zeros(count, np.int64)
        _parents(rows, ended.parents, parents, lengths, ALPHABET)
        columns["tunnel_parents"] = texts(parents, lengths)
    return flow_batch(columns, count)
