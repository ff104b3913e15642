"""SIP: a request line or a status line with the name and version of the protocol; over UDP and TCP.

Source: RFC 3261, section 7.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import starts
from redshank.flows.payload.lines import first_line_has, starts_with_one
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (b"IABCORSPNUM", b"INCYAPEUORincyapeuor", b"PVKENTGFBADSpvkentgfbads", b"/I CESLOAicesloa")
MAYBE = Hint(client=_FIRST, server=_FIRST)

_METHODS = (
    b"INVITE ",
    b"ACK ",
    b"BYE ",
    b"CANCEL ",
    b"OPTIONS ",
    b"REGISTER ",
    b"REFER ",
    b"SUBSCRIBE ",
    b"NOTIFY ",
    b"PRACK ",
    b"PUBLISH ",
    b"INFO ",
    b"UPDATE ",
    b"MESSAGE ",
)


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if starts(data, at, end, b"SIP/2.0 "):
        return True
    return starts_with_one(data, at, end, _METHODS) and first_line_has(data, at, end, b" SIP/2.0")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto in (6, 17):
            found[k] = _speaks(data, flow.client_at, flow.client_end)
            found[k] |= _speaks(data, flow.server_at, flow.server_end)
