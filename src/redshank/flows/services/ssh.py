"""SSH: both sides greet each other with "SSH-" and a version.

Source: RFC 4253, section 4.2.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.bytes import starts
from redshank.flows.service import FROM_ANY, UNKNOWN

BOTH = True


@kernel
def _speaker(data: npt.NDArray[np.uint8], at: int, end: int, proto: int) -> int:
    if proto == 6 and (starts(data, at, end, b"SSH-1.") or starts(data, at, end, b"SSH-2.")):
        return FROM_ANY
    return UNKNOWN


@kernel
def recognize(data: npt.NDArray[np.uint8], payloads: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at payloads; see service.Recognize."""
    for k in range(len(payloads)):
        payload = payloads[k]
        found[k] = _speaker(data, payload.offset, payload.offset + payload.length, payload.proto)
