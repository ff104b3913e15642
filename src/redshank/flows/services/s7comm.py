"""S7comm and S7comm-plus, Siemens' controllers: their protocol numbers in data of ISO transport over TCP.

The connection is made without naming what it is for: only the first data tell.
Source: RFC 905, section 13 and RFC 2126 (transport); the layout of S7 messages as documented by Wireshark's dissector.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (b"\x03", b"\x00")
MAYBE = Hint(proto=6, client=_FIRST, server=_FIRST, least=9)

_DATA = 0xF0
_S7, _S7_PLUS = 0x32, 0x72
_KINDS = (1, 2, 3, 7)
_MOST = 8


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    for _ in range(_MOST):
        if end - at < 9 or data[at] != 3 or data[at + 1] != 0:
            return False
        length = number(data, at + 2, 2)
        if data[at + 5] == _DATA and data[at + 4] == 2 and length > 7:
            kind = data[at + 8]
            return (data[at + 7] == _S7 and kind in _KINDS) or (data[at + 7] == _S7_PLUS and 1 <= kind <= 3)
        if length < 7:
            return False
        at += length
    return False


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 6:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
