"""TLS and SSL: a handshake record with the first message of a client or of a server.

Source: RFC 8446 and 5246 (record layer, ClientHello, ServerHello); RFC 6101, appendix E for the old hello.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.bytes import number
from redshank.flows.service import FROM_CLIENT, FROM_SERVER, UNKNOWN, Hint

MAYBE = Hint(proto=6)


@kernel
def _speaker(data: npt.NDArray[np.uint8], at: int, end: int, proto: int) -> int:
    if proto != 6 or end - at < 6:
        return UNKNOWN
    kind, major, minor = data[at], data[at + 1], data[at + 2]
    if kind == 22 and major == 3 and minor <= 4:
        length = number(data, at + 3, 2)
        message = data[at + 5]
        if 4 <= length <= 18432 and message in (1, 2):
            return FROM_CLIENT if message == 1 else FROM_SERVER
    if kind == 21 and major == 3 and minor <= 4 and number(data, at + 3, 2) == 2:
        return FROM_SERVER  # a server that refuses starts with an alert
    if kind & 128 and minor == 1 and data[at + 3] in (2, 3):
        return FROM_CLIENT  # the hello of SSL 2, which SSL 3 clients sent too
    return UNKNOWN


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        stream = streams[k]
        client = _speaker(data, stream.client_at, stream.client_end, stream.proto) & FROM_CLIENT
        server = _speaker(data, stream.server_at, stream.server_end, stream.proto) & FROM_SERVER
        found[k] = client != 0 and server != 0
