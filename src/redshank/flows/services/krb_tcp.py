"""Kerberos 5 over TCP: the length of a message, and the message.

Source: RFC 4120, sections 5 and 7.2.2.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.payload.tokens import is_kerberos
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (b"\x00", None, None, None, b"jklmno~")
MAYBE = Hint(proto=6, client=_FIRST, server=_FIRST, least=5)


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if end - at <= 4 or data[at] != 0 or at + 4 + number(data, at, 4) < end:
        return False
    return is_kerberos(data, at + 4, end)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 6:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
