"""QUIC packets with long headers.

In: a datagram. Out: version, where the connection ids lie, the type of the packet.
Source: RFC 8999, section 5.1; RFC 9000, section 17.2; RFC 9369, section 3.2.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number

INITIAL, ZERO_RTT, HANDSHAKE, RETRY = range(4)
V1, V2 = 1, 0x6B3343CF
_DRAFTS = (0xFF00001D, 0xFF000022)  # 29 to 34, which differ from version 1 in a constant or not at all


@lean_kernel
def header(data: npt.NDArray[np.uint8], at: int, end: int) -> tuple[int, int, int, int, int]:
    """Read what all versions share.

    Returns:
        The version (0: a negotiation; -1: this is no long header of a version that is known); where the destination's
        connection id starts and ends; where the source's starts and ends.
    """
    if end - at < 7 or data[at] & 128 == 0:
        return -1, 0, 0, 0, 0
    version = number(data, at + 1, 4)
    target = at + 6
    target_end = target + int(data[at + 5])
    if target_end >= end or target_end - target > 20 or data[target_end] > 20:
        return -1, 0, 0, 0, 0
    source, source_end = target_end + 1, target_end + 1 + int(data[target_end])
    if source_end > end or not (version in (0, V1, V2) or _DRAFTS[0] <= version <= _DRAFTS[1]):
        return -1, 0, 0, 0, 0
    return version, target, target_end, source, source_end


@lean_kernel
def packet_type(data: npt.NDArray[np.uint8], at: int, version: int) -> int:
    """Return INITIAL, ZERO_RTT, HANDSHAKE or RETRY; version 2 turned them by one."""
    kind = data[at] >> 4 & 3
    return (kind + 3) % 4 if version == V2 else int(kind)


@lean_kernel
def variable(data: npt.NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Return the number of variable length at `at` and where it ends; (-1, end) if it is not inside."""
    if at >= end:
        return -1, end
    size = 1 << (data[at] >> 6)
    if at + size > end:
        return -1, end
    value = int(data[at]) & 63
    for k in range(1, size):
        value = value << 8 | int(data[at + k])
    return value, at + size
