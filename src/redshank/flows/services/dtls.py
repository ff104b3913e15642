"""DTLS, TLS for datagrams, as CoAP uses it: a record of epoch 0 with a first message of the handshake.

Source: RFC 6347, sections 4.1 and 4.2; RFC 9147, section 4.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.bytes import number
from redshank.flows.service import Bytes, Hint, Records

MAYBE = Hint(proto=17, client=b"\x16", server=b"\x16")

_HELLOS = (1, 2, 3)  # of the client, of the server, and the server's wish for a cookie
_HEADERS = 25


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if end - at < _HEADERS or data[at] != 22 or data[at + 1] != 0xFE or data[at + 2] not in (0xFD, 0xFF):
        return False
    length, message = number(data, at + 11, 2), at + 13
    whole, offset, part = number(data, message + 1, 3), number(data, message + 6, 3), number(data, message + 9, 3)
    if number(data, at + 3, 2) != 0 or length < 12 or data[message] not in _HELLOS:
        return False
    return offset + part <= whole and part + 12 <= length


@lean_kernel
def recognize(data: Bytes, streams: Records, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        flow = streams[k]
        if flow.proto == 17:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
