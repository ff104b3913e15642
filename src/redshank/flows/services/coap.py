"""CoAP on its port: version 1, a sane token length and code, options that end inside.

Zeek has no analyzer for it; the name is that of its registered port. A header says little, so the port is required.
Source: RFC 7252, section 3.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.service import FROM_ANY, FROM_CLIENT, FROM_SERVER, UNKNOWN, Hint

MAYBE = Hint(proto=17)

_PORT = 5683


@kernel
def _speaker(data: npt.NDArray[np.uint8], at: int, end: int, proto: int, port: int) -> int:
    if proto != 17 or port != _PORT or end - at < 4 or data[at] >> 6 != 1:
        return UNKNOWN
    token, group, detail = data[at] & 15, data[at + 1] >> 5, data[at + 1] & 31
    if token > 8 or at + 4 + token > end:
        return UNKNOWN
    if data[at + 1] == 0:  # an empty message is only these four bytes
        return FROM_ANY if token == 0 and end - at == 4 else UNKNOWN
    if group == 0:
        return FROM_CLIENT if detail <= 7 else UNKNOWN
    return FROM_SERVER if group in (2, 4, 5) else UNKNOWN


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        stream = streams[k]
        client = _speaker(data, stream.client_at, stream.client_end, stream.proto, stream.resp_port) & FROM_CLIENT
        server = _speaker(data, stream.server_at, stream.server_end, stream.proto, stream.resp_port) & FROM_SERVER
        found[k] = client != 0 or server != 0
