"""RTSP: a request line or a status line that ends in, or starts with, the name and version of the protocol.

Source: RFC 2326, sections 6 and 7; RFC 7826 for version 2.0.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import starts
from redshank.flows.payload.lines import first_line_has, starts_with_one
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(
    proto=6,
    client=(b"ODSPARGT", b"PELANpelan", b"TSAUNCDtsauncd", b"ICUYSO_Ricuysor"),
    server=(b"R", b"T", b"S", b"P", b"/"),
)

_METHODS = (
    b"OPTIONS ",
    b"DESCRIBE ",
    b"SETUP ",
    b"PLAY ",
    b"PAUSE ",
    b"ANNOUNCE ",
    b"RECORD ",
    b"REDIRECT ",
    b"GET_PARAMETER ",
    b"SET_PARAMETER ",
    b"TEARDOWN ",
)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        at, end = flow.client_at, flow.client_end
        asked = starts_with_one(data, at, end, _METHODS) and first_line_has(data, at, end, b" RTSP/")
        answered = starts(data, flow.server_at, flow.server_end, b"RTSP/1.0 ")
        answered |= starts(data, flow.server_at, flow.server_end, b"RTSP/2.0 ")
        found[k] = flow.proto == 6 and (asked or answered)
