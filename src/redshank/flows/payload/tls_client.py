"""What a TLS client's hello says: the name it asks for, the first protocol it offers, tickets and keys.

In: the bytes of a ClientHello. Out: numbers, and texts in a flow's room, its fingerprints among them.
Source: RFC 8446, section 4.1.2; RFC 6347, section 4.2.1 for DTLS; RFC 6066, section 3; RFC 7301.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number, put
from redshank.flows.payload.tls_fingerprint import (
    KEYS,
    LONGEST,
    NAME_OF,
    PROTOCOLS,
    TICKET,
    WHERE,
    extensions,
    put_ja3,
    put_ja4,
    sized,
)

NAME, ALPN = 0, 1
"""The texts; those of the fingerprints follow."""

ROOM = 6144
"""Bytes that the texts of a flow may take, a server's names (1,024) included."""

CODES = LONGEST + WHERE
"""Numbers that are worked with."""

HELD = 6 + 63
"""Bytes at the start of a flow's room that are the server's: how often it says something, only the last time counts."""

_NAME_BYTES, _ALPN_BYTES = 255, 63


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
        codes: CODES numbers to work with.

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
    places = codes[LONGEST : LONGEST + WHERE]
    others = extensions(data, listed, tail, places)
    place, spot, size = HELD, places[2 * NAME_OF], places[2 * NAME_OF + 1]
    if size >= 5 and data[spot + 2] == 0:
        name_end = min(spot + 5 + number(data, spot + 3, 2), spot + size)
        place = put(data, spot + 5, name_end, row, spans, NAME, place, _NAME_BYTES)
    spot, size = places[2 * PROTOCOLS], places[2 * PROTOCOLS + 1]
    if size >= 4:
        protocol_end = min(spot + 3 + int(data[spot + 2]), spot + size)
        place = put(data, spot + 3, protocol_end, row, spans, ALPN, place, _ALPN_BYTES)
    if stop <= end and last < limit and sized(last - first, others, places):
        version = number(data, body, 2)
        place = put_ja3(data, version, first, last, listed, tail, places, row, spans, place)
        place = put_ja4(data, version, first, last, listed, tail, others, places, letter, row, spans, place, codes)
    return place, session, session_size, int(places[2 * TICKET + 1] > 0), int(places[2 * KEYS + 1] >= 0)
