"""XMPP: what a side says first opens a stream of Jabber's XML.

Source: RFC 6120, section 4.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import place_of, starts
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (b"< \r\n\xef", b"?s< \r\n\t\xef\xbb\xbf")
MAYBE = Hint(proto=6, client=_FIRST, server=_FIRST)

_HEAD = 512
_NOTHING, _OPENS, _OTHER = range(3)


@lean_kernel
def _first(data: Bytes, at: int, end: int) -> int:
    if at == end:
        return _NOTHING
    end = min(end, at + _HEAD)
    while at < end and data[at] in (32, 13, 10, 9, 0xEF, 0xBB, 0xBF):
        at += 1
    if starts(data, at, end, b"<?xml"):
        at = place_of(data, at, end, b"?>")
        if at < 0:
            return _OTHER
        at += 2
        while at < end and data[at] in (32, 13, 10, 9):
            at += 1
    opened = starts(data, at, end, b"<stream:stream") and place_of(data, at, end, b"jabber:") >= 0
    return _OPENS if opened else _OTHER


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        client = _first(data, flow.client_at, flow.client_end)
        server = _first(data, flow.server_at, flow.server_end)
        found[k] = flow.proto == 6 and _OTHER not in (client, server) and client + server > 0
