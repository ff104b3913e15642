"""Elements of ASN.1's basic encoding rules: tag, length, content; what LDAP, SNMP and Kerberos are made of.

In: bytes and the stretch [at, end). Out: where the content of an element lies. Nothing is followed deeper than asked.
Source: ITU-T X.690, section 8.1.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel

SEQUENCE, INTEGER, OCTETS = 0x30, 0x02, 0x04


@lean_kernel
def content(data: npt.NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Return where the content of the element at `at` begins and where it should end, which may be past `end`.

    Tags of one byte and definite lengths only, which is all that these protocols allow; (-1, -1) for what is neither.

    Example:
        >>> content(np.array([0x30, 0x81, 0x80, 0], np.uint8), 0, 4)
        (3, 131)
    """
    if at + 2 > end or data[at] & 31 == 31:
        return -1, -1
    size, start = int(data[at + 1]), at + 2
    if size >= 128:
        octets = size - 128
        if not 1 <= octets <= 4 or start + octets > end:
            return -1, -1
        size = 0
        for k in range(octets):
            size = size << 8 | int(data[start + k])
        start += octets
    return start, start + size


@lean_kernel
def integer(data: npt.NDArray[np.uint8], at: int, end: int) -> tuple[int, int]:
    """Return the value of the INTEGER at `at` and where it ends; (0, -1) if there is none of 1 to 5 bytes."""
    start, stop = content(data, at, end)
    if start < 0 or data[at] != INTEGER or not 1 <= stop - start <= 5 or stop > end:
        return 0, -1
    value = -1 if data[start] >= 128 else 0
    for place in range(start, stop):
        value = value << 8 | int(data[place])
    return value, stop
