"""HTTP/1: a request line or a status line.

A request line that is longer than what was captured is believed if it starts with a known method.
Source: RFC 9112, sections 3 and 4.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.bytes import starts
from redshank.flows.service import FROM_CLIENT, FROM_SERVER, UNKNOWN, Hint

MAYBE = Hint(proto=6)

_LINE = 4096
_METHODS = (b"GET ", b"POST ", b"HEAD ", b"PUT ", b"DELETE ", b"OPTIONS ", b"CONNECT ", b"TRACE ", b"PATCH ")


@kernel
def _known_method(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    known = False
    for method in _METHODS:
        known |= starts(data, at, end, method)
    return known


@kernel
def _speaker(data: npt.NDArray[np.uint8], at: int, end: int, proto: int) -> int:
    if proto != 6 or end <= at:
        return UNKNOWN
    if starts(data, at, end, b"HTTP/1.") or starts(data, at, end, b"HTTP/0."):
        return FROM_SERVER
    place = at
    while place < end and (65 <= data[place] <= 90 or data[place] in (45, 95)):
        place += 1
    if place - at < 3 or place - at > 20 or place >= end or data[place] != 32:
        return UNKNOWN
    stop = min(end, at + _LINE)
    while place < stop and data[place] not in (10, 13):
        if data[place] == 32 and starts(data, place + 1, end, b"HTTP/"):
            return FROM_CLIENT
        place += 1
    return FROM_CLIENT if place == stop and _known_method(data, at, end) else UNKNOWN


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        stream = streams[k]
        client = _speaker(data, stream.client_at, stream.client_end, stream.proto) & FROM_CLIENT
        server = _speaker(data, stream.server_at, stream.server_end, stream.proto) & FROM_SERVER
        found[k] = client != 0 or server != 0
