"""CoAP: version 1, a token and a code that may be, options that end inside.

A message says little: on its port one is enough, elsewhere the server must acknowledge what the client asked, with the
same message number and token. Zeek has no analyzer for it; the name is that of its registered port.
Source: RFC 7252, sections 3, 3.1 and 5.2.1.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (
    bytes(first for first in range(0x40, 0x80) if first & 15 <= 8),  # version 1, and a token that is not too long
    bytes([*range(8), *range(0x40, 0x60), *range(0x80, 0xC0)]),  # requests and responses
)
MAYBE = Hint(proto=17, client=_FIRST, server=_FIRST, least=4)

_PORT = 5683
_MOST_OPTIONS = 64
_END_OF_OPTIONS = 255


@lean_kernel
def _extended(data: Bytes, at: int, end: int, short: int) -> tuple[int, int]:
    """Return the value of half a byte that may go on at `at`, and where what follows begins; -1 if that is outside."""
    if short < 13:
        return short, at
    if short == 13 and at < end:
        return 13 + int(data[at]), at + 1
    if short == 14 and at + 2 <= end:
        return 269 + number(data, at, 2), at + 2
    return 0, -1


@lean_kernel
def _options_fit(data: Bytes, at: int, end: int) -> bool:
    for _ in range(_MOST_OPTIONS):
        if at >= end:
            return at == end
        if data[at] == _END_OF_OPTIONS:
            return at + 1 < end  # a payload of nothing may not be announced
        _, place = _extended(data, at + 1, end, data[at] >> 4)
        if place < 0:
            return False
        size, place = _extended(data, place, end, data[at] & 15)
        if place < 0:
            return False
        at = place + size
    return False


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if end - at < 4 or data[at] >> 6 != 1:
        return False
    token, group, detail = data[at] & 15, data[at + 1] >> 5, data[at + 1] & 31
    if data[at + 1] == 0:  # an empty message is only these four bytes
        return token == 0 and end - at == 4
    if token > 8 or at + 4 + token > end or not _options_fit(data, at + 4 + token, end):
        return False
    return detail <= 7 if group == 0 else group in (2, 4, 5)


@lean_kernel
def _answers(data: Bytes, at: int, server: int) -> bool:
    """Tell whether the server's message acknowledges the client's: the same number and the same token."""
    if data[at] >> 4 != 4 or data[at + 1] == 0 or data[server] != data[at] + 32:
        return False
    for k in range(2, 4 + (int(data[at]) & 15)):
        if data[server + k] != data[at + k]:
            return False
    return bool(data[at + 1] >> 5 == 0 and data[server + 1] >> 5 != 0)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto != 17:
            continue
        client = _speaks(data, flow.client_at, flow.client_end)
        server = _speaks(data, flow.server_at, flow.server_end)
        usual = _PORT in (flow.orig_port, flow.resp_port)
        found[k] = (
            (client or server) if usual else (client and server and _answers(data, flow.client_at, flow.server_at))
        )
