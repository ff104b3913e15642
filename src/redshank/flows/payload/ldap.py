"""The outside of an LDAP message, the same over TCP and UDP: a sequence of a number and an operation.

In: bytes. Out: whether a request or a response stands there.
Source: RFC 4511, section 4.1.1 and appendix B (the tags of the operations).
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.ber import SEQUENCE, content, integer

_REQUESTS = (0x60, 0x42, 0x63, 0x66, 0x68, 0x4A, 0x6C, 0x6E, 0x50, 0x77)
_RESPONSES = (0x61, 0x64, 0x65, 0x67, 0x69, 0x6B, 0x6D, 0x6F, 0x73, 0x78, 0x79)


@lean_kernel
def _operation(data: npt.NDArray[np.uint8], at: int, end: int) -> int:
    """Return the tag of the operation that the message at `at` holds, 0 if there is no message."""
    if at >= end or data[at] != SEQUENCE:
        return 0
    start, stop = content(data, at, end)
    if start < 0:
        return 0
    number, place = integer(data, start, min(end, stop))
    if place < 0 or number < 0 or place >= end:
        return 0
    inner, last = content(data, place, end)
    return int(data[place]) if inner >= 0 and last <= stop else 0


@lean_kernel
def is_request(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] starts with what only a client says."""
    return _operation(data, at, end) in _REQUESTS


@lean_kernel
def is_response(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] starts with what only a server says."""
    return _operation(data, at, end) in _RESPONSES
