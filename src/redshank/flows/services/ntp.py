"""NTP: version and mode of the first byte, and a whole header.

A message says little: on its port one is enough, elsewhere the server must give back the client's time.
Source: RFC 5905, section 7.3; RFC 9327 for mode 6; ntp_request.h of the reference implementation for mode 7.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = bytes(first for first in range(256) if 1 <= first >> 3 & 7 <= 4 and first & 7)  # a version and a mode
MAYBE = Hint(proto=17, client=_FIRST, server=_FIRST, least=8)

_PORT = 123
_HEADER = 48
_ORIGIN, _TRANSMIT = 24, 40
_FIRST_VERSION, _LAST_VERSION = 1, 4
_CLIENT, _SERVER, _CONTROL = 3, 4, 6
_LAST_STRATUM = 16
_LAST_OPERATION, _UNSET_TRAP = 12, 31
_IMPLEMENTATIONS = (0, 2, 3)


@lean_kernel
def _control_fits(data: Bytes, at: int, end: int) -> bool:
    """Tell whether a message of mode 6 has an operation that exists, and room for as many bytes as it counts."""
    if end - at < 12 or number(data, at + 10, 2) > end - at - 12:
        return False
    operation = int(data[at + 1]) & 31
    return 1 <= operation <= _LAST_OPERATION or operation == _UNSET_TRAP


@lean_kernel
def _private_fits(data: Bytes, at: int, end: int) -> bool:
    """Tell the same of mode 7, the old private one that floods are reflected with."""
    if end - at < 8 or data[at + 2] not in _IMPLEMENTATIONS or data[at + 6] >> 4 != 0:
        return False
    items, size = number(data, at + 4, 2) & 0xFFF, number(data, at + 6, 2) & 0xFFF
    return items * size <= end - at - 8


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if end <= at:
        return False
    version, mode = data[at] >> 3 & 7, data[at] & 7
    if not _FIRST_VERSION <= version <= _LAST_VERSION or mode == 0:
        return False
    if mode >= _CONTROL:
        return _control_fits(data, at, end) if mode == _CONTROL else _private_fits(data, at, end)
    if end - at < _HEADER or (end - at) % 4 != 0 or data[at + 1] > _LAST_STRATUM:
        return False
    # Exponents of two, in seconds: between a microsecond's share and a day and a half; some hide them as 32.
    poll, precision = int(data[at + 2]), int(data[at + 3])
    return (poll <= 32 or poll >= 224) and (precision <= 32 or precision >= 224)


@lean_kernel
def _answers(data: Bytes, at: int, server: int) -> bool:
    """Tell whether a server's message gives back the time at which the client's was sent."""
    sent = 0
    for k in range(8):
        if data[server + _ORIGIN + k] != data[at + _TRANSMIT + k]:
            return False
        sent |= data[at + _TRANSMIT + k]
    return sent != 0 and data[at] & 7 == _CLIENT and data[server] & 7 == _SERVER


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto != 17:
            continue
        client = _speaks(data, flow.client_at, flow.client_end)
        server = _speaks(data, flow.server_at, flow.server_end)
        if _PORT in (flow.orig_port, flow.resp_port):
            found[k] = client or server
        elif client and server and min(flow.client_end - flow.client_at, flow.server_end - flow.server_at) >= _HEADER:
            found[k] = _answers(data, flow.client_at, flow.server_at)
