"""DHCP: a BOOTP message with the magic cookie.

Source: RFC 2131, section 2 and figure 1.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.bytes import starts
from redshank.flows.service import FROM_ANY, FROM_CLIENT, FROM_SERVER, UNKNOWN, Hint

MAYBE = Hint(proto=17, client=b"\x01\x02", server=b"\x01\x02")

_COOKIE = 236


@kernel
def _speaker(data: npt.NDArray[np.uint8], at: int, end: int, proto: int) -> int:
    if proto != 17 or end <= at or data[at] not in (1, 2) or not starts(data, at + _COOKIE, end, b"\x63\x82\x53\x63"):
        return UNKNOWN
    return FROM_ANY  # a server's broadcast starts a flow of its own


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        stream = streams[k]
        client = _speaker(data, stream.client_at, stream.client_end, stream.proto) & FROM_CLIENT
        server = _speaker(data, stream.server_at, stream.server_end, stream.proto) & FROM_SERVER
        found[k] = client != 0 or server != 0
