"""STUN and TURN: the magic cookie, and a length that fits.

Source: RFC 8489, section 5.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number, starts
from redshank.flows.service import Bytes, Hint, Places, Records

_HEADER = 20
_FIRST = (bytes(range(0x40)), None, None, None, b"\x21", b"\x12", b"\xa4", b"\x42")
MAYBE = Hint(client=_FIRST, server=_FIRST, least=_HEADER)


@lean_kernel
def _speaks(data: Bytes, at: int, end: int, proto: int) -> bool:
    if end - at < _HEADER or data[at] >> 6 != 0 or not starts(data, at + 4, end, b"\x21\x12\xa4\x42"):
        return False
    length = number(data, at + 2, 2)
    return length % 4 == 0 and (proto == 6 or at + _HEADER + length == end)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto in (6, 17):
            found[k] = _speaks(data, flow.client_at, flow.client_end, flow.proto)
            found[k] |= _speaks(data, flow.server_at, flow.server_end, flow.proto)
