"""STUN and TURN: the magic cookie, and a length that fits.

Source: RFC 8489, section 5.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number, starts
from redshank.flows.service import Bytes, Hint, Records

MAYBE = Hint(client=bytes(range(0x40)), server=bytes(range(0x40)))

_HEADER = 20


@lean_kernel
def _speaks(data: Bytes, at: int, end: int, proto: int) -> bool:
    if end - at < _HEADER or data[at] >> 6 != 0 or not starts(data, at + 4, end, b"\x21\x12\xa4\x42"):
        return False
    length = number(data, at + 2, 2)
    return length % 4 == 0 and (proto == 6 or at + _HEADER + length == end)


@lean_kernel
def recognize(data: Bytes, streams: Records, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        flow = streams[k]
        if flow.proto in (6, 17):
            found[k] = _speaks(data, flow.client_at, flow.client_end, flow.proto)
            found[k] |= _speaks(data, flow.server_at, flow.server_end, flow.proto)
