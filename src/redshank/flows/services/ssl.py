"""TLS and SSL over TCP, from the start or after an upgrade; and the TLS that QUIC carries.

Both sides must have been heard. After STARTTLS, CONNECT and the like the same flow speaks this too, if the hellos are
among the first bytes. The side that says the hello is the client, whoever opened the flow. A flow whose sides begin
with QUIC's Initials speaks this too, as Zeek has it: what these carry is TLS.
The fields are those of Zeek's ssl.log; a session is established when both sides sent encrypted handshakes, or the
client, who says nothing more before that, application data; it is null where the server's part was not captured so
far, and in QUIC. The fingerprints of the client are JA3 and JA4. Without a server's choice, ALPN is the client's first
offer.
Source: RFC 8446, RFC 5246, RFC 5077 and RFC 9001; Zeek's manual, ssl.log, for what counts as resumed.
"""

from typing import Any

import numpy as np

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number, same, settle, starts
from redshank.flows.payload.quic_initial import NUMBERS, handshake
from redshank.flows.payload.quic_initial import SPACE as SPACE_OF_QUIC
from redshank.flows.payload.quic_packets import INITIAL, header, packet_type
from redshank.flows.payload.tls_client import CODES, HELD, ROOM, read_client
from redshank.flows.payload.tls_fields import ESTABLISHED, FIELDS, RESUMED
from redshank.flows.payload.tls_records import (
    CLIENT_HELLO,
    CLIENT_KEY,
    HANDSHAKE,
    SERVER_HELLO,
    gather,
    hello_at,
    old_hello,
    refuses,
)
from redshank.flows.payload.tls_server import VERSION, read_server
from redshank.flows.service import NONE, Bytes, Hint, Places, Records

__all__ = ["FIELDS", "MAYBE", "ROOM", "SPACE", "read", "recognize"]

_QUIC = (bytes(range(0xC0, 0x100)), b"\x00\x6b\xff")
MAYBE = (
    Hint(proto=6, least=6, both=True),
    Hint(proto=17, client=_QUIC, server=_QUIC, least=6, both=True),
)
_TLS13 = 0x0304
_T, _Q = 116, 113

_CODES = 2 * HANDSHAKE + SPACE_OF_QUIC
_WORK = _CODES + 8 * CODES
SPACE = _WORK + 8 * NUMBERS


@lean_kernel
def _client(data: Bytes, at: int, end: int) -> bool:
    if starts(data, at, end, b"GET ") or starts(data, at, end, b"POST "):
        return False  # HTTP is upgraded by CONNECT; most of what is not TLS need not be searched
    return old_hello(data, at, end) or hello_at(data, at, end, CLIENT_HELLO) >= 0


@lean_kernel
def _server(data: Bytes, at: int, end: int) -> bool:
    return refuses(data, at, end) or hello_at(data, at, end, SERVER_HELLO) >= 0


@lean_kernel
def _initials(data: Bytes, at: int, end: int, other: int, other_end: int) -> bool:
    """Tell whether both datagrams begin with an Initial of the same version of QUIC."""
    if data[at] < 192 or data[other] < 192:
        return False
    version, target, target_end, _, _ = header(data, at, end)
    return (
        version > 0
        and version == header(data, other, other_end)[0]
        and target_end - target >= 8
        and packet_type(data, at, version) == INITIAL == packet_type(data, other, version)
    )


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        one = streams[which[k]]
        if one.client_end - one.client_at < 6 or one.server_end - one.server_at < 6:
            continue
        if one.proto == 17:
            found[k] = _initials(data, one.client_at, one.client_end, one.server_at, one.server_end)
        if one.proto != 6:
            continue
        if _client(data, one.client_at, one.client_end):
            found[k] = _server(data, one.server_at, one.server_end)
        elif data[one.server_at] == 22 and data[one.client_at] == 22:
            found[k] = _client(data, one.server_at, one.server_end) and _server(data, one.client_at, one.client_end)


@lean_kernel
def _sends_key(data: Bytes, end: int) -> bool:
    """Tell whether a client's handshake has a ClientKeyExchange."""
    at = 0
    for _ in range(16):
        if at + 4 > end:
            break
        if data[at] == CLIENT_KEY:
            return True
        at += 4 + number(data, at + 1, 3)
    return False


@lean_kernel
def _same(data: Bytes, at: int, other: Bytes, place: int, size: int) -> bool:
    """Tell whether two session ids are the same, and are ids."""
    some = 0
    for k in range(size):
        some |= data[at + k]
    return some != 0 and same(data, at, other, place, size)


@lean_kernel
def _read(
    data: Bytes,
    one: Any,  # noqa: ANN401  one STREAM record
    numbers: Places,
    spans: Places,
    row: Bytes,
    asked: Bytes,
    answered: Bytes,
    codes: Places,
) -> None:
    at, end, other, other_end = one.client_at, one.client_end, one.server_at, one.server_end
    if not _client(data, at, end):
        at, end, other, other_end = other, other_end, at, end
    place, session, session_size, ticket, offered = HELD, 0, 0, 0, 0
    hello = hello_at(data, at, end, CLIENT_HELLO)
    length, changed, sealed, applied = 0, 0, 0, 0
    if hello >= 0:
        length, changed, sealed, applied = gather(data, hello, end, asked)
        length = length if length >= 0 else -length - 1
        place, session, session_size, ticket, offered = read_client(asked, length, _T, row, spans, codes)
    hello = hello_at(data, other, other_end, SERVER_HELLO)
    if hello < 0:
        numbers[RESUMED], numbers[ESTABLISHED] = 0, 0
        return
    size, server_changed, server_sealed, server_applied = gather(data, hello, other_end, answered)
    cut = size < 0
    size = size if size >= 0 else -size - 1
    echo, echo_size, taken = read_server(answered, size, row, spans, place)
    version = number(row, spans[2 * VERSION], 2) if spans[2 * VERSION] >= 0 else 0
    resumed, established = False, False
    if version == _TLS13 or version >> 8 == 0x7F:
        resumed = offered == 1 and taken == 1
        established = applied > 0 and server_applied > 0
        cut = cut and applied > 0
    else:
        resumed = 0 < session_size == echo_size and _same(asked, session, answered, echo, session_size)
        resumed |= session_size == 0 and ticket == 1 and changed > 0 and not _sends_key(asked, length)
        established = changed > 0 and (applied > 0 or (sealed > 0 and server_changed > 0 and server_sealed > 0))
        cut = cut and changed > 0
    numbers[RESUMED] = resumed
    numbers[ESTABLISHED] = 1 if established else NONE if cut else 0


@lean_kernel
def _read_initials(
    data: Bytes,
    one: Any,  # noqa: ANN401  one STREAM record
    numbers: Places,
    spans: Places,
    row: Bytes,
    hello: Bytes,
    codes: Places,
    space: Bytes,
    work: Places,
) -> None:
    at, end = one.client_at, one.client_end
    length = handshake(data, at, end, at, end, False, hello, space, work)
    if length < 4 or hello[0] != CLIENT_HELLO:
        return
    place, _, _, _, offered = read_client(hello, length, _Q, row, spans, codes)
    length = handshake(data, one.server_at, one.server_end, at, end, True, hello, space, work)
    _, _, taken = read_server(hello, length, row, spans, place)
    numbers[RESUMED] = offered & taken


@lean_kernel
def read(data: Bytes, streams: Records, which: Places, numbers: Places, spans: Places, room: Bytes, place: int) -> int:
    """Read the handshakes; see service.Read."""
    work = room[len(room) - SPACE :]
    asked, answered, space = work[:HANDSHAKE], work[HANDSHAKE : 2 * HANDSHAKE], work[2 * HANDSHAKE : _CODES]
    codes, numbers_of = work[_CODES:_WORK].view(np.int64), work[_WORK:].view(np.int64)
    for k in range(len(which)):
        one, row = streams[which[k]], room[place : place + ROOM]
        if one.proto == 17:
            _read_initials(data, one, numbers[k], spans[k], row, asked, codes, space, numbers_of)
        else:
            _read(data, one, numbers[k], spans[k], row, asked, answered, codes)
        place = settle(spans[k], place)
    return place
