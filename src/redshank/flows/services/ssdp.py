"""SSDP, the discovery of UPnP: a search, an announcement, or an answer to a search, each HTTP's lines in a datagram.

Source: UPnP Device Architecture 2.0, sections 1.2 and 1.3.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import starts
from redshank.flows.payload.lines import has_line
from redshank.flows.service import Bytes, Hint, Records

MAYBE = Hint(proto=17, client=b"MNH", server=b"MNH")


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if starts(data, at, end, b"M-SEARCH * HTTP/1.") or starts(data, at, end, b"NOTIFY * HTTP/1."):
        return True
    return starts(data, at, end, b"HTTP/1.1 200 ") and (
        has_line(data, at, end, b"ST:") or has_line(data, at, end, b"NT:")
    )


@lean_kernel
def recognize(data: Bytes, streams: Records, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        flow = streams[k]
        if flow.proto == 17:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
