"""VXLAN: an Ethernet frame behind a header of which only the identifier is not fixed.

Source: RFC 7348, section 5.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.payload.inner import is_frame
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (b"\x08", b"\x00", b"\x00", b"\x00", None, None, None, b"\x00")
MAYBE = Hint(proto=17, client=_FIRST, server=_FIRST, least=22)

_PORT = 4789
_HEADER = 8


@lean_kernel
def _carries(data: Bytes, at: int, end: int, usual: bool) -> bool:  # noqa: FBT001  numba has no keywords
    if end - at < _HEADER + 14 or data[at] != 8 or number(data, at + 1, 3) != 0 or data[at + 7] != 0:
        return False
    return usual or is_frame(data, at + _HEADER, end)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 17:
            usual = flow.resp_port == _PORT
            found[k] = _carries(data, flow.client_at, flow.client_end, usual)
            found[k] |= _carries(data, flow.server_at, flow.server_end, usual)
