"""DCE/RPC over TCP: the client binds to an interface, the server answers that.

Source: The Open Group, C706, section 12.6 (connection-oriented PDUs).
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.tokens import is_rpc
from redshank.flows.service import Bytes, Hint, Places, Records

_KINDS = (0, 2, 3, 11, 12, 13, 14, 15)
_FIRST = (b"\x05", b"\x00\x01", bytes(_KINDS), None, b"\x00\x10", b"\x00\x01\x02\x03", b"\x00", b"\x00")
MAYBE = Hint(proto=6, client=_FIRST, server=_FIRST, least=16)


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    return is_rpc(data, at, end) and data[at + 2] in _KINDS


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 6:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
