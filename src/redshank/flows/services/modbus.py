"""Modbus/TCP: a whole first message on each side whose length and quantities fit its function code.

On its port one side is enough if the other said nothing; elsewhere both must be there.
Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3.1.3; MODBUS Application Protocol V1.1b3,
section 6 and 7.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (None, None, b"\x00", b"\x00", b"\x00", bytes(range(2, 255)))
MAYBE = Hint(proto=6, client=_FIRST, server=_FIRST, least=8)

_PORTS = (502, 802)
_NOTHING, _FITS, _OTHER = range(3)


@lean_kernel
def _request_fits(data: Bytes, at: int, size: int) -> bool:
    """Tell whether a request of `size` bytes, function code first, is as long as its function wants it."""
    function = data[at]
    if function in (1, 2):
        return size == 5 and 1 <= number(data, at + 3, 2) <= 2000
    if function in (3, 4):
        return size == 5 and 1 <= number(data, at + 3, 2) <= 125
    if function == 5:
        return size == 5 and number(data, at + 3, 2) in (0, 0xFF00)
    if function in (15, 16):
        return size >= 7 and size == 6 + data[at + 5]
    if function in (20, 21):
        return size >= 2 and size == 2 + data[at + 1]
    if function == 23:
        return size >= 11 and size == 10 + data[at + 9]
    if function == 43:
        return size >= 3 and data[at + 1] in (13, 14)
    if function in (7, 11, 12, 17):
        return size == 1
    if function == 22:
        return size == 7
    if function == 24:
        return size == 3
    if function == 8:
        return size >= 5
    return size == 5 if function == 6 else _own_function(function)


@lean_kernel
def _reply_fits(data: Bytes, at: int, size: int) -> bool:
    """Tell the same of a reply."""
    function = data[at]
    if function >= 128:
        return size == 2 and 1 <= data[at + 1] <= 11
    if function in (1, 2, 3, 4, 12, 17, 20, 21, 23):
        return size >= 2 and size == 2 + data[at + 1]
    if function in (5, 6, 11, 15, 16):
        return size == 5
    if function == 7:
        return size == 2
    if function == 22:
        return size == 7
    if function == 24:
        return size >= 5 and size == 3 + number(data, at + 1, 2)
    return size >= 5 if function in (8, 43) else _own_function(function)


@lean_kernel
def _own_function(function: int) -> bool:
    return 65 <= function <= 72 or 100 <= function <= 110 or function == 90  # the last is Schneider's, in wide use


@lean_kernel
def _first(data: Bytes, at: int, end: int, reply: bool) -> int:  # noqa: FBT001  numba has no keywords
    if end <= at:
        return _NOTHING
    if end - at < 8 or number(data, at + 2, 2) != 0:
        return _OTHER
    length = number(data, at + 4, 2)
    if not 2 <= length <= 254 or at + 6 + length > end:
        return _OTHER
    fits = _reply_fits(data, at + 7, length - 1) if reply else _request_fits(data, at + 7, length - 1)
    after = at + 6 + length
    if after + 6 <= end and number(data, after + 2, 2) != 0:
        return _OTHER
    return _FITS if fits else _OTHER


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto != 6:
            continue
        client = _first(data, flow.client_at, flow.client_end, False)
        server = _first(data, flow.server_at, flow.server_end, True)
        enough = 1 if flow.resp_port in _PORTS else 2
        if _OTHER not in (client, server):
            found[k] = client + server >= enough
