"""What a row of the flow table can lack, and which columns are null then.

In: rows that went out. Out: for each thing that a row can lack, whether it has it. Many columns lack the same: one mask
serves them all. What one packet cannot have (a duration, byte counts, as in Zeek; gaps between packets) is null.
Source: Zeek's manual, conn.log.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.orient import TCP
from redshank.flows.metering.table import Records

SCTP = 132

LACKS = 14
_TIME, _TCP, _VLAN, _PACKETS, _PAUSES, _SRC, _DST, _SRC_GAPS, _DST_GAPS = range(9)
_SRC_MAC, _DST_MAC, _HISTORY, _COMMUNITY, NOTHING = range(9, LACKS)
"""Places of what a row can lack; each has NOTHING's."""

LACKING: dict[str, int] = {"vlan": _VLAN, "history": _HISTORY, "community_id": _COMMUNITY}
"""By column: what a row lacks in which it is null."""
LACKING |= dict.fromkeys(("duration", "src_bytes", "dst_bytes"), _TIME)
LACKING |= dict.fromkeys(("burst_count", "burst_mean_s", "burst_max_pkts", "burst_max_bytes"), _PACKETS)
LACKING |= dict.fromkeys(("idle_mean_s", "idle_max_s"), _PAUSES)
for _who, _mac, _some, _two in (("src", _SRC_MAC, _SRC, _SRC_GAPS), ("dst", _DST_MAC, _DST, _DST_GAPS)):
    LACKING[f"{_who}_mac"] = _mac
    for _stat in ("min", "mean", "max", "std"):
        LACKING |= {f"{_who}_size_{_stat}_bytes": _some, f"{_who}_gap_{_stat}_s": _two}
    LACKING |= {f"{_who}_{_flag}_count": _TCP for _flag in ("fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr")}


@lean_kernel
def write_there(rows: Records, ends: Records, first: int, there: npt.NDArray[np.bool_]) -> None:
    """Write what rows have, from row `first` on.

    Args:
        rows: ROW records.
        ends: END records, originator and responder of each row.
        first: Row of the first of them.
        there: By what a row can lack: whether it has it.

    Shape:
        rows: [k]; ends: [2 k]; there: [LACKS, n].
    """
    for k in range(len(rows)):
        row, orig, resp, at = rows[k], ends[2 * k], ends[2 * k + 1], first + k
        there[_TIME, at] = row.last_ns > row.first_ns
        there[_TCP, at] = row.proto == TCP
        there[_VLAN, at] = row.vlan >= 0
        there[_PACKETS, at] = row.packets > 0
        there[_PAUSES, at] = row.pauses > 0
        there[_SRC, at] = orig.packets > 0
        there[_DST, at] = resp.packets > 0
        there[_SRC_GAPS, at] = orig.packets > 1
        there[_DST_GAPS, at] = resp.packets > 1
        there[_SRC_MAC, at] = row.orig_mac != 0
        there[_DST_MAC, at] = row.resp_mac != 0
        there[_HISTORY, at] = row.history_length > 0
        there[_COMMUNITY, at] = row.proto != SCTP
        there[NOTHING, at] = True
