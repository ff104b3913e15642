"""DCE/RPC over TCP: the client binds to an interface, the server answers that.

Source: The Open Group, C706, section 12.6 (connection-oriented PDUs).
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.tokens import is_rpc
from redshank.flows.service import Bytes, Hint, Records

MAYBE = Hint(proto=6, client=b"\x05", server=b"\x05")

_KINDS = (0, 2, 3, 11, 12, 13, 14, 15)


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    return is_rpc(data, at, end) and data[at + 2] in _KINDS


@lean_kernel
def recognize(data: Bytes, streams: Records, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        flow = streams[k]
        if flow.proto == 6:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
