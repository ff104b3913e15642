"""SSH: both sides greet each other with "SSH-" and a version.

Source: RFC 4253, section 4.2.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.bytes import starts
from redshank.flows.service import FROM_ANY, FROM_CLIENT, FROM_SERVER, UNKNOWN, Hint

MAYBE = Hint(proto=6, client=b"S", server=b"S")


@kernel
def _speaker(data: npt.NDArray[np.uint8], at: int, end: int, proto: int) -> int:
    if proto == 6 and (starts(data, at, end, b"SSH-1.") or starts(data, at, end, b"SSH-2.")):
        return FROM_ANY
    return UNKNOWN


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        stream = streams[k]
        client = _speaker(data, stream.client_at, stream.client_end, stream.proto) & FROM_CLIENT
        server = _speaker(data, stream.server_at, stream.server_end, stream.proto) & FROM_SERVER
        found[k] = client != 0 and server != 0
