"""What rows of the flow table say in numbers: whole columns at once.

In: rows that went out of the meter. Out: arrays of numbers by the name of their column in FLOW, and which of them are
there. One pass over the rows fills all: each row is looked at once, while it is in the cache.
Standard deviations are those of the packets seen (divided by n, not n - 1).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.conn_state import conn_state, payload_bytes
from redshank.flows.metering.emit import INTERIM
from redshank.flows.metering.moments import gap_deviation, size_deviation
from redshank.flows.metering.orient import ICMP, ICMPV6, TCP, UDP
from redshank.flows.metering.table import Record, Records

_SIDE_FLOATS = tuple(
    f"{what}_{stat}_{unit}"
    for what, unit in (("size", "bytes"), ("gap", "s"))
    for stat in ("min", "mean", "max", "std")
)
_FLAGS = ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")
_FLOATS = (
    *("duration", "burst_mean_s", "idle_mean_s", "idle_max_s"),
    *(f"{side}_{name}" for side in ("src", "dst") for name in _SIDE_FLOATS),
)
_LONGS = (
    *("ts", "src_bytes", "dst_bytes", "missed_bytes", "burst_max_pkts", "burst_max_bytes"),
    *(
        f"{side}_{name}"
        for side in ("src", "dst")
        for name in ("pkts", "ip_bytes", *(f"{flag}_count" for flag in _FLAGS))
    ),
)
_INTS = ("src_port", "dst_port", "ip_proto", "vlan", "burst_count")
_CODES = ("proto", "conn_state", "part", "part_reason")

# What a row can lack, and the columns that are null then.
_TIME, _TCP, _VLAN, _PACKETS, _PAUSES, _SRC, _SRC_GAPS, _DST, _DST_GAPS = range(9)
_NULL: dict[str, int] = {"vlan": _VLAN, "idle_mean_s": _PAUSES, "idle_max_s": _PAUSES}
_NULL |= dict.fromkeys(("duration", "src_bytes", "dst_bytes"), _TIME)
_NULL |= dict.fromkeys(("burst_count", "burst_mean_s", "burst_max_pkts", "burst_max_bytes"), _PACKETS)
_NULL |= {f"{side}_{flag}_count": _TCP for side in ("src", "dst") for flag in _FLAGS}
for _who, _some, _two in (("src", _SRC, _SRC_GAPS), ("dst", _DST, _DST_GAPS)):
    _NULL |= {f"{_who}_{name}": _some if name.startswith("size") else _two for name in _SIDE_FLOATS}


def measures(
    rows: npt.NDArray[Any], more: npt.NDArray[Any], ends: npt.NDArray[Any]
) -> tuple[dict[str, pa.Array], dict[str, npt.NDArray[np.int8]]]:
    """Return columns of FLOW, and codes of columns whose values are few: proto, conn_state, part, part_reason.

    Args:
        rows: ROW records.
        more: MORE records, set where ROW.more is not 0.
        ends: END records, originator and responder of each row.

    Shape:
        rows, more: [n]; ends: [2 n]; returns: [n] each.
    """
    count = len(rows)
    floats, longs = np.empty((len(_FLOATS), count)), np.empty((len(_LONGS), count), np.int64)
    ints, codes = np.empty((len(_INTS), count), np.int32), np.empty((len(_CODES), count), np.int8)
    there = np.empty((9, count), np.bool_)
    _fill(rows, more, ends, floats, longs, ints, codes, there)
    bits = np.packbits(there, axis=1, bitorder="little")
    valid = [None if there[which].all() else pa.py_buffer(bits[which]) for which in range(9)]
    columns: dict[str, pa.Array] = {}
    for names, kind, values in (
        (_FLOATS, pa.float64(), floats),
        (_LONGS, pa.int64(), longs),
        (_INTS, pa.int32(), ints),
    ):
        for name, column in zip(names, values, strict=True):
            mask = valid[_NULL[name]] if name in _NULL else None
            columns[name] = pa.Array.from_buffers(kind, count, [mask, pa.py_buffer(column)])
    return columns, dict(zip(_CODES, codes, strict=True))


@lean_kernel
def _side(
    end: Record, at: int, here: int, k: int, floats: npt.NDArray[np.float64], longs: npt.NDArray[np.int64]
) -> None:
    """Fill the columns of one direction: floats from `at`, longs from `here` on."""
    packets = end.packets
    some, gaps = max(packets, 1), max(packets - 1, 1)
    floats[at, k] = end.size_min
    floats[at + 1, k] = end.ip_bytes / some
    floats[at + 2, k] = end.size_max
    floats[at + 3, k] = size_deviation(end)
    floats[at + 4, k] = end.gap_min / 1e9
    floats[at + 5, k] = end.gap_sum / gaps / 1e9
    floats[at + 6, k] = end.gap_max / 1e9
    floats[at + 7, k] = gap_deviation(end) / 1e9
    longs[here, k] = packets
    longs[here + 1, k] = end.ip_bytes
    longs[here + 2, k] = end.fin
    longs[here + 3, k] = end.syn
    longs[here + 4, k] = end.rst
    longs[here + 5, k] = end.psh
    longs[here + 6, k] = packets - end.bare
    longs[here + 7, k] = end.urg
    longs[here + 8, k] = end.ece
    longs[here + 9, k] = end.cwr


@lean_kernel
def _bursts(row: Record, more: Record, k: int, floats: npt.NDArray[np.float64], longs: npt.NDArray[np.int64]) -> None:
    """Fill the columns of bursts; the burst that lasts follows from the flow's counts."""
    pauses = 0 + row.pauses
    packets, size, idle, longest = row.packets, row.ip_bytes, 0, 0
    if pauses > 0:
        packets = max(more.burst_max_packets, packets - more.burst_packets)
        size = max(more.burst_max_bytes, size - more.burst_bytes)
        idle, longest = more.idle_sum, more.idle_max
    floats[1, k] = max(row.seen_ns - row.first_ns - idle, 0) / (pauses + 1) / 1e9
    floats[2, k] = idle / max(pauses, 1) / 1e9
    floats[3, k] = longest / 1e9
    longs[4, k] = packets
    longs[5, k] = size


@lean_kernel
def _fill(
    rows: Records,
    more: Records,
    ends: Records,
    floats: npt.NDArray[np.float64],
    longs: npt.NDArray[np.int64],
    ints: npt.NDArray[np.int32],
    codes: npt.NDArray[np.int8],
    there: npt.NDArray[np.bool_],
) -> None:
    for k in range(len(rows)):
        row, orig, resp = rows[k], ends[2 * k], ends[2 * k + 1]
        elapsed = row.last_ns - row.first_ns
        floats[0, k] = elapsed / 1e9
        _bursts(row, more[k], k, floats, longs)
        _side(orig, 4, 6, k, floats, longs)
        _side(resp, 12, 16, k, floats, longs)
        longs[0, k] = row.first_ns
        longs[1, k] = payload_bytes(row.proto, orig, resp)
        longs[2, k] = payload_bytes(row.proto, resp, orig)
        longs[3, k] = row.missed_bytes
        ints[0, k] = row.a_port if row.orig_is_a else row.b_port
        ints[1, k] = row.b_port if row.orig_is_a else row.a_port
        ints[2, k] = row.proto
        ints[3, k] = row.vlan
        ints[4, k] = 1 + row.pauses
        if row.proto == TCP:
            codes[0, k] = 0
        elif row.proto == UDP:
            codes[0, k] = 1
        else:
            codes[0, k] = 2 if row.proto in (ICMP, ICMPV6) else 3
        codes[1, k] = conn_state(row, orig, resp)
        codes[2, k] = row.reason >= INTERIM
        codes[3, k] = row.reason
        there[_TIME, k] = elapsed > 0
        there[_TCP, k] = row.proto == TCP
        there[_VLAN, k] = row.vlan >= 0
        there[_PACKETS, k] = row.packets > 0
        there[_PAUSES, k] = row.pauses > 0
        there[_SRC, k] = orig.packets > 0
        there[_SRC_GAPS, k] = orig.packets > 1
        there[_DST, k] = resp.packets > 0
        there[_DST_GAPS, k] = resp.packets > 1
