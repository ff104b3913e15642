"""SNMP: a message of version 1, 2c or 3 whose elements lie inside one another as they must.

Source: RFC 1157, section 4; RFC 3416, section 3; RFC 3412, section 6 (version 3); X.690 for the encoding.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.ber import OCTETS, SEQUENCE, content, integer
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=17, client=b"\x30", server=b"\x30")

_FIRST_PDU, _LAST_PDU = 0xA0, 0xA8


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if at >= end or data[at] != SEQUENCE:
        return False
    inner, outer = content(data, at, end)
    if inner < 0 or outer < end:
        return False
    version, place = integer(data, inner, end)
    if place < 0 or version not in (0, 1, 3) or place >= end:
        return False
    if data[place] != (SEQUENCE if version == 3 else OCTETS):
        return False
    start, stop = content(data, place, end)
    if start < 0 or stop > outer:
        return False
    if version == 3:
        return integer(data, start, end)[1] >= 0
    if stop >= end or not _FIRST_PDU <= data[stop] <= _LAST_PDU:
        return False
    start, last = content(data, stop, end)
    # Version 1 traps begin with the OID of what raised them, all others with the number of the request.
    return 0 <= start < end and last == outer and (data[stop] == 0xA4 or integer(data, start, end)[1] >= 0)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 17:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
