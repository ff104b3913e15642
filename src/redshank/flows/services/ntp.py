"""NTP on its port: version and mode of the first byte, and a whole header.

A first byte says little, so the port is required.
Source: RFC 5905, section 7.3; RFC 9327 for mode 6.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.service import FROM_ANY, FROM_CLIENT, FROM_SERVER, UNKNOWN, Hint

MAYBE = Hint(proto=17)

_PORT = 123


@kernel
def _speaker(data: npt.NDArray[np.uint8], at: int, end: int, proto: int, port: int) -> int:
    if proto != 17 or port != _PORT or end <= at:
        return UNKNOWN
    version, mode = data[at] >> 3 & 7, data[at] & 7
    if not 1 <= version <= 4 or mode == 0:
        return UNKNOWN
    if mode >= 6:
        return FROM_ANY if end - at >= 8 else UNKNOWN
    if end - at < 48 or data[at + 1] > 16:
        return UNKNOWN
    if mode == 3:
        return FROM_CLIENT
    return FROM_SERVER if mode in (4, 5) else FROM_ANY


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        stream = streams[k]
        client = _speaker(data, stream.client_at, stream.client_end, stream.proto, stream.resp_port) & FROM_CLIENT
        server = _speaker(data, stream.server_at, stream.server_end, stream.proto, stream.resp_port) & FROM_SERVER
        found[k] = client != 0 or server != 0
