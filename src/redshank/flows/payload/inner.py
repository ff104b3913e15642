"""What tunnels carry, as far as one look tells: an Ethernet frame or an IP packet that may be one.

In: bytes behind the header of a tunnel. Out: whether they look like that.
Source: IEEE 802.3 (types); RFC 791, section 3.1; RFC 8200, section 3.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number

_ETHERNET = 14
_IPV4, _IPV6 = 0x0800, 0x86DD
_OTHERS = (0x0806, 0x8035, 0x8100, 0x88A8, 0x8847, 0x8848, 0x8863, 0x8864, 0x888E, 0x88CC, 0x6558)
_LONGEST_802_3 = 1500


@lean_kernel
def is_ip(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] may be an IP packet: a version, and a length that is at least there."""
    if end - at < 20:
        return False
    if data[at] >> 4 == 4:
        return data[at] & 15 >= 5 and 20 <= number(data, at + 2, 2) <= end - at
    return data[at] >> 4 == 6 and end - at >= 40 and 40 + number(data, at + 4, 2) <= end - at


@lean_kernel
def is_frame(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] may be an Ethernet frame: a type that is in use, or a length, and what it says."""
    if end - at < _ETHERNET:
        return False
    kind = number(data, at + 12, 2)
    if kind in (_IPV4, _IPV6):
        return is_ip(data, at + _ETHERNET, end)
    return kind in _OTHERS or (3 <= kind <= _LONGEST_802_3 and at + _ETHERNET + kind <= end)
