"""RFB, the protocol of VNC: both ends greet each other with its version.

Source: RFC 6143, section 7.1.1.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import starts
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (b"R", b"F", b"B", b" ")
MAYBE = Hint(proto=6, client=_FIRST, server=_FIRST, least=12, both=True)

_GREETING = 12


@lean_kernel
def _greets(data: Bytes, at: int, end: int) -> bool:
    if end - at < _GREETING or not starts(data, at, end, b"RFB 00") or data[at + 7] != 46 or data[at + 11] != 10:
        return False
    digits = 0
    for place in (6, 8, 9, 10):
        digits += 48 <= data[at + place] <= 57
    return digits == 4


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        client = _greets(data, flow.client_at, flow.client_end)
        found[k] = flow.proto == 6 and client and _greets(data, flow.server_at, flow.server_end)
