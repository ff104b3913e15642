"""What a TLS client's hello says: the name it asks for, the first protocol it offers, tickets and keys.

In: the bytes of a ClientHello. Out: numbers, and texts in a flow's room, its fingerprints among them.
Source: RFC 8446, section 4.1.2; RFC 6347, section 4.2.1 for DTLS; RFC 6066, section 3; RFC 7301.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number, put
from redshank.flows.payload.tls_fingerprint import extension, put_ja3, put_ja4

NAME, ALPN = 0, 1
"""The texts; those of the fingerprints follow."""

ROOM = 6144
"""Bytes that the texts of a flow may take, a server's names (1,024) included."""

HELD = 6 + 63
"""Bytes at the start of a flow's room that are the server's: how often it says something, only the last time counts."""

_NAME_BYTES, _ALPN_BYTES = 255, 63
_SNI, _PROTOCOLS, _TICKET, _KEYS = 0, 16, 35, 41


@lean_kernel
def read_client(
    data: npt.NDArray[np.uint8],
    end: int,
    letter: int,
    row: npt.NDArray[np.uint8],
    spans: npt.NDArray[np.int64],
    codes: npt.NDArray[np.int64],
) -> tuple[int, int, int, int, int]:
    """Read the ClientHello data[:end]; of one that was not captured as a whole there are no fingerprints.

    Args:
        data: Bytes of the handshake.
        end: How many of them there are.
        letter: JA4's letter of the transport: t, or d for DTLS, whose heads are longer and hellos have a cookie.
        row: The flow's room, of ROOM bytes.
        spans: Its texts.
        codes: As many numbers to work with as a fingerprint's list may have.

    Returns:
        Where texts end; where the session id starts, and its length; whether there is a ticket; whether a key is
        offered.
    """
    datagram = letter == 100
    body = 12 if datagram else 4
    if body + 35 > end:
        return HELD, 0, 0, 0, 0
    stop = body + number(data, 1, 3)
    limit = min(stop, end)
    session, session_size = body + 35, int(data[body + 34])
    ciphers = session + session_size
    if datagram:
        ciphers += 1 + (int(data[ciphers]) if ciphers < limit else 0)
    if ciphers + 2 > limit:
        return HELD, session, max(min(session_size, limit - session), 0), 0, 0
    first, last = ciphers + 2, ciphers + 2 + number(data, ciphers, 2)
    listed, tail = limit, limit
    if last < limit:
        listed = min(last + 3 + int(data[last]), limit)
    if last < limit and last + 3 + int(data[last]) <= limit:
        tail = min(listed + number(data, listed - 2, 2), limit)
    place, protocol, protocol_end = HELD, 0, 0
    spot, size = extension(data, listed, tail, _SNI)
    if size >= 5 and data[spot + 2] == 0:
        name_end = min(spot + 5 + number(data, spot + 3, 2), spot + size)
        place = put(data, spot + 5, name_end, row, spans, NAME, place, _NAME_BYTES)
    spot, size = extension(data, listed, tail, _PROTOCOLS)
    if size >= 4:
        protocol, protocol_end = spot + 3, min(spot + 3 + int(data[spot + 2]), spot + size)
        place = put(data, protocol, protocol_end, row, spans, ALPN, place, _ALPN_BYTES)
    if stop <= end and last < limit:
        version = number(data, body, 2)
        place = put_ja3(data, version, first, last, listed, tail, row, spans, place)
        place = put_ja4(
            data, version, first, last, listed, tail, protocol, protocol_end, letter, row, spans, place, codes
        )
    ticket = extension(data, listed, tail, _TICKET)[1] > 0
    return place, session, session_size, int(ticket), int(extension(data, listed, tail, _KEYS)[1] >= 0)
