"""BACnet/IP: a virtual link header with the length of the datagram, before a network message of version 1.

Source: ANSI/ASHRAE 135, annex J.2 and clause 6.2.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (b"\x81", bytes(range(13)))
MAYBE = Hint(proto=17, client=_FIRST, server=_FIRST, least=4)

_LAST_FUNCTION = 12
_FORWARDED = 4
_WITH_MESSAGE = (4, 9, 10, 11)


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if end - at < 4 or data[at] != 0x81 or data[at + 1] > _LAST_FUNCTION or number(data, at + 2, 2) != end - at:
        return False
    if data[at + 1] not in _WITH_MESSAGE:
        return True
    place = at + 10 if data[at + 1] == _FORWARDED else at + 4
    return place + 2 <= end and data[place] == 1 and data[place + 1] & 0x50 == 0  # bits 4 and 6 are reserved


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 17:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
