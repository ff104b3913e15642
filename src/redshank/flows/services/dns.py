"""DNS, mDNS, LLMNR and NetBIOS names: a header whose first question can be read.

On a port of DNS a readable header is enough (Zeek calls all of these dns); elsewhere there must be exactly one question
of the Internet class, or an answer to one.
Source: RFC 1035, section 4.1; RFC 6762, section 18; RFC 4795, section 2.1.1; RFC 1002, section 4.2.1.1.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.bytes import number
from redshank.flows.service import FROM_ANY, FROM_CLIENT, FROM_SERVER, UNKNOWN, Hint

MAYBE = Hint()

_PORTS = (53, 137, 5353, 5355)
_MAX_RECORDS = 100
_MAX_LABELS = 128


@kernel
def _after_name(data: npt.NDArray[np.uint8], at: int, end: int) -> int:
    """Return where the name at `at` ends, or -1 if it does not end inside; never follows a pointer."""
    for _ in range(_MAX_LABELS):
        if at >= end:
            return -1
        size = int(data[at])
        if size == 0:
            return at + 1
        if size >= 192:
            return at + 2
        if size > 63:
            return -1
        at += 1 + size
    return -1


@kernel
def _speaker(data: npt.NDArray[np.uint8], at: int, end: int, proto: int, port: int) -> int:
    if proto == 6:
        if end - at < 14 or number(data, at, 2) < 12:
            return UNKNOWN
        at += 2
    if end - at < 12:
        return UNKNOWN
    flags = number(data, at + 2, 2)
    questions = number(data, at + 4, 2)
    records = questions + number(data, at + 6, 2) + number(data, at + 8, 2) + number(data, at + 10, 2)
    opcode = flags >> 11 & 15
    usual = port in _PORTS
    if records > _MAX_RECORDS or opcode > 8 or opcode == 3 or (records == 0 and not flags & 0x8000):
        return UNKNOWN
    if not usual and (questions != 1 or opcode != 0 or flags & 0x40):
        return UNKNOWN
    if questions > 0:
        after = _after_name(data, at + 12, end)
        if after < 0 or after + 4 > end:
            return UNKNOWN
        if not usual and number(data, after + 2, 2) != 1:
            return UNKNOWN
    if port == 5353:
        return FROM_ANY
    return FROM_SERVER if flags & 0x8000 else FROM_CLIENT


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        stream = streams[k]
        client = _speaker(data, stream.client_at, stream.client_end, stream.proto, stream.resp_port) & FROM_CLIENT
        server = _speaker(data, stream.server_at, stream.server_end, stream.proto, stream.resp_port) & FROM_SERVER
        found[k] = client != 0 or server != 0
