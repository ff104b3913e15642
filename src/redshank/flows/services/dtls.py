"""DTLS, TLS for datagrams, as CoAP uses it: a record of epoch 0 with a first message of the handshake.

Only the first datagram of each side is at hand: of the client its hello, of a server that does not ask for a cookie
first its hello. Whether the session was established is not in them.
Source: RFC 6347, sections 4.1 and 4.2; RFC 9147, section 4.
"""

import numpy as np

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import copy, number, settle
from redshank.flows.payload.tls_client import CODES, HELD, ROOM, read_client
from redshank.flows.payload.tls_fields import FIELDS
from redshank.flows.payload.tls_records import CLIENT_HELLO, HANDSHAKE, SERVER_HELLO
from redshank.flows.payload.tls_server import read_server
from redshank.flows.service import Bytes, Hint, Places, Records

__all__ = ["FIELDS", "MAYBE", "ROOM", "SPACE", "read", "recognize"]

SPACE = HANDSHAKE + 8 * CODES

_FIRST = (b"\x16", b"\xfe", b"\xfd\xff", b"\x00", b"\x00")
MAYBE = Hint(proto=17, client=_FIRST, server=_FIRST, least=25)

_HELLOS = (1, 2, 3)  # of the client, of the server, and the server's wish for a cookie
_HEADERS = 25
_D = 100


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
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 17:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)


@lean_kernel
def _message(data: Bytes, at: int, end: int, head: int, out: Bytes) -> int:
    """Copy the first message, if it is not in pieces, with `head` bytes of its twelve; return its captured length."""
    message = at + 13
    if not _speaks(data, at, end) or number(data, message + 9, 3) != number(data, message + 1, 3):
        return 0
    length = min(number(data, message + 1, 3), end - message - 12, len(out) - head)
    return copy(data, message + 12, length, out, copy(data, message, head, out, 0))


@lean_kernel
def read(
    data: Bytes,
    streams: Records,
    which: Places,
    numbers: Places,  # noqa: ARG001  the same for all services
    spans: Places,
    room: Bytes,
    place: int,
) -> int:
    """Read the hellos; see service.Read."""
    work = room[len(room) - SPACE :]
    hello, codes = work[:HANDSHAKE], work[HANDSHAKE:].view(np.int64)
    for k in range(len(which)):
        flow, row, last = streams[which[k]], room[place : place + ROOM], HELD
        length = _message(data, flow.client_at, flow.client_end, 12, hello)
        if length > 0 and hello[0] == CLIENT_HELLO:
            last, _, _, _, _ = read_client(hello, length, _D, row, spans[k], codes)
        length = _message(data, flow.server_at, flow.server_end, 4, hello)
        if length > 0 and hello[0] == SERVER_HELLO:
            read_server(hello, length, row, spans[k], last)
        place = settle(spans[k], place)
    return place
