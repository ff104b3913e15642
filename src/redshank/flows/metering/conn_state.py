"""How a flow stands, as Zeek sums it up, and the payload of its sides.

In: a ROW and its two ENDs. Out: an index into STATES; bytes.
Source: Zeek's manual, conn_state of conn.log; Zeek's rule for RSTOS0 reads the history.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.metering.orient import TCP, UDP
from redshank.flows.metering.stream import (
    CLOSED,
    ESTABLISHED,
    INACTIVE,
    PARTIAL,
    RESET,
    SYN_ACK_SENT,
    SYN_SENT,
    sent_bytes,
)
from redshank.flows.metering.table import Int, Record

STATES = ("OTH", "S0", "S1", "SF", "REJ", "S2", "S3", "RSTO", "RSTR", "RSTOS0", "RSTRH", "SH", "SHR")
_OTH, _S0, _S1, _SF, _REJ, _S2, _S3, _RSTO, _RSTR, _RSTOS0, _RSTRH, _SH, _SHR = range(13)


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


@lean_kernel
def conn_state(row: Record, orig: Record, resp: Record) -> Int:
    """Return the place of a flow's state in STATES."""
    if row.proto == TCP:
        return _tcp_state(row, orig, resp)
    if row.proto == UDP:
        if orig.packets > 0:
            return _SF if resp.packets > 0 else _S0
        if resp.packets > 0:
            return _SHR
    return _OTH


@lean_kernel
def payload_bytes(proto: Int, end: Record, peer: Record) -> Int:
    """Return the payload bytes of a side: of TCP by its sequence numbers."""
    if proto == TCP:
        return sent_bytes(end, peer)
    return end.reach if end.packets > 0 else 0
