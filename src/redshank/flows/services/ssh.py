"""SSH: both sides greet each other with "SSH-" and a version.

A server may say something else first, in lines of its own; hardly any does.
Source: RFC 4253, section 4.2.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import starts
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (b"S", b"S", b"H", b"-", b"12", b".")
MAYBE = Hint(proto=6, client=_FIRST, server=_FIRST, both=True)


@lean_kernel
def _greets(data: Bytes, at: int, end: int) -> bool:
    return starts(data, at, end, b"SSH-1.") or starts(data, at, end, b"SSH-2.")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        client = _greets(data, flow.client_at, flow.client_end)
        found[k] = flow.proto == 6 and client and _greets(data, flow.server_at, flow.server_end)
