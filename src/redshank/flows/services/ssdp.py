"""SSDP, the discovery of UPnP: a search, an announcement, or an answer to a search, each HTTP's lines in a datagram.

Source: UPnP Device Architecture 2.0, sections 1.2 and 1.3.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import starts
from redshank.flows.payload.lines import has_line
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (b"MNH", b"-OT", b"ST", b"EIP")
MAYBE = Hint(proto=17, client=_FIRST, server=_FIRST)


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if starts(data, at, end, b"M-SEARCH * HTTP/1.") or starts(data, at, end, b"NOTIFY * HTTP/1."):
        return True
    return starts(data, at, end, b"HTTP/1.1 200 ") and (
        has_line(data, at, end, b"ST:") or has_line(data, at, end, b"NT:")
    )


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 17:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
