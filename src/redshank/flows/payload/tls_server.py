"""What a TLS server agrees to: version, suite, group, protocol, and whose certificate it shows.

In: the bytes of a server's handshake. Out: two bytes each of version, suite and group as they stand on the wire, and
the names of its first certificate, in a flow's room.
Source: RFC 8446, section 4.1.3; RFC 5246, section 7.4.2; RFC 8422, section 5.4; RFC 7301, section 3.1.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number, put
from redshank.flows.payload.tls_client import ALPN, HELD
from redshank.flows.payload.tls_records import CERTIFICATE, KEY_EXCHANGE, SERVER_HELLO
from redshank.flows.payload.x509 import names

SUBJECT, ISSUER, VERSION, SUITE, GROUP = range(4, 9)
"""The texts, after those of the client; names as DER."""

_PROTOCOL = 6
"""Where in a flow's room the protocol stands, behind version, suite and group, two bytes each: HELD bytes in all."""
_NAME_BYTES, _ALPN_BYTES = 512, HELD - _PROTOCOL
_MAX_MESSAGES = 32
_PROTOCOLS, _KEYS, _VERSIONS, _SHARE = 16, 41, 43, 51


@lean_kernel
def read_server(
    data: npt.NDArray[np.uint8],
    end: int,
    row: npt.NDArray[np.uint8],
    spans: npt.NDArray[np.int64],
    place: int,
) -> tuple[int, int, int]:
    """Read the handshake messages data[:end] of a server.

    Args:
        data: The handshake.
        end: How much of it there is.
        row: The flow's room; its first HELD bytes are this function's own.
        spans: Its texts.
        place: Where in the room names go.

    Returns:
        Where the session id starts and its length (of the last ServerHello); whether a key of the client was taken.
    """
    at, session, session_size, taken = 0, 0, 0, 0
    for _ in range(_MAX_MESSAGES):
        if at + 4 > end:
            break
        kind, body = data[at], at + 4
        stop = body + number(data, at + 1, 3)
        limit = min(stop, end)
        if kind == SERVER_HELLO and body + 35 <= limit:
            session, session_size, taken = _hello(data, body, limit, row, spans)
        elif kind == CERTIFICATE and body + 6 <= limit and spans[2 * SUBJECT] < 0:
            first, last = body + 6, min(body + 6 + number(data, body + 3, 3), limit)
            issuer, issuer_end, subject, subject_end = names(data, first, last)
            if issuer >= 0 and issuer_end - issuer <= _NAME_BYTES:
                put(data, issuer, issuer_end, row, spans, ISSUER, place, _NAME_BYTES)
            if subject >= 0 and subject_end - subject <= _NAME_BYTES:
                behind = max(place, spans[2 * ISSUER + 1])
                put(data, subject, subject_end, row, spans, SUBJECT, behind, _NAME_BYTES)
        elif kind == KEY_EXCHANGE and body + 5 <= limit and data[body] == 3:
            # A named curve, if a point of a length that points have follows: of other exchanges these are other bytes.
            point = data[body + 3]
            if body + 4 + point <= stop and (point in (32, 56) or data[body + 4] == 4):
                _keep(data, body + 1, row, spans, GROUP)
        at = stop
    return session, session_size, taken


@lean_kernel
def _keep(
    data: npt.NDArray[np.uint8], at: int, row: npt.NDArray[np.uint8], spans: npt.NDArray[np.int64], text: int
) -> None:
    """Keep two bytes, in place of those that were kept before."""
    put(data, at, at + 2, row, spans, text, 2 * (text - VERSION), 2)


@lean_kernel
def _hello(
    data: npt.NDArray[np.uint8],
    body: int,
    limit: int,
    row: npt.NDArray[np.uint8],
    spans: npt.NDArray[np.int64],
) -> tuple[int, int, int]:
    session, session_size, taken = body + 35, int(data[body + 34]), 0
    spot = session + session_size
    if spot + 2 > limit:
        return session, max(min(session_size, limit - session), 0), taken
    _keep(data, body, row, spans, VERSION)
    _keep(data, spot, row, spans, SUITE)
    spot += 5
    while spot + 4 <= limit:
        kind, size, inner = number(data, spot, 2), number(data, spot + 2, 2), spot + 4
        if inner + size > limit:
            break
        if kind == _VERSIONS and size == 2:
            _keep(data, inner, row, spans, VERSION)
        elif kind == _SHARE and size >= 2:
            _keep(data, inner, row, spans, GROUP)
        elif kind == _KEYS:
            taken = 1
        elif kind == _PROTOCOLS and size >= 3:
            stop = min(inner + 3 + int(data[inner + 2]), inner + size)
            put(data, inner + 3, stop, row, spans, ALPN, _PROTOCOL, _ALPN_BYTES)
        spot = inner + size
    return session, session_size, taken
