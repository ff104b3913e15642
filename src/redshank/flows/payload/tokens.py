"""Tokens by which one proves who he is inside LDAP, SMB and DCE/RPC: SPNEGO, Kerberos and NTLM.

In: the first bytes of a side. Out: whether it is one of the protocols that carry tokens, and where a token lies.
A token is looked for only in those: its bytes alone could stand in any file.
Source: RFC 2743, section 3.1; RFC 4178; RFC 4120, section 5; MS-SMB2, section 2.1; C706, section 12.6.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.ber import SEQUENCE, content
from redshank.flows.payload.bytes import number, place_of, starts
from redshank.flows.payload.ldap import is_request, is_response

_SESSION_REQUEST, _SESSION_YES = 0x81, 0x82
_SHORTEST_SMB = 32
_FIRST_KERBEROS, _LAST_KERBEROS, _KERBEROS_ERROR = 0x6A, 0x6F, 0x7E


@lean_kernel
def is_smb(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] starts with an SMB message, or with NetBIOS' asking for a session of it."""
    if end - at >= 4 and data[at] in (_SESSION_REQUEST, _SESSION_YES):
        at += 4 + number(data, at + 2, 2)
    if end - at < 8 or data[at] != 0 or number(data, at + 1, 3) < _SHORTEST_SMB:
        return False
    return 0xFC <= data[at + 4] <= 0xFF and starts(data, at + 5, end, b"SMB")


@lean_kernel
def is_rpc(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] starts with a PDU of connection-oriented DCE/RPC, of version 5.0 or 5.1."""
    if end - at < 16 or data[at] != 5 or data[at + 1] > 1 or data[at + 2] > 19:
        return False
    if data[at + 4] not in (0, 0x10) or data[at + 5] > 3 or number(data, at + 6, 2) != 0:
        return False
    small = data[at + 4] == 0x10
    length = int(data[at + 8]) | int(data[at + 9]) << 8 if small else number(data, at + 8, 2)
    return length >= 16


@lean_kernel
def carries_tokens(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] is of a protocol in which tokens are looked for."""
    if at >= end:
        return False
    if data[at] == SEQUENCE:
        return is_request(data, at, end) or is_response(data, at, end)
    return is_rpc(data, at, end) or is_smb(data, at, end)


@lean_kernel
def spnego_at(data: npt.NDArray[np.uint8], at: int, end: int) -> int:
    """Return where the object identifier of SPNEGO stands, 1.3.6.1.5.5.2, or -1."""
    return place_of(data, at, end, b"\x06\x06\x2b\x06\x01\x05\x05\x02")


@lean_kernel
def ticket_at(data: npt.NDArray[np.uint8], at: int, end: int) -> int:
    """Return where a Kerberos token stands: the identifier 1.2.840.113554.1.2.2, a token's kind, a message; or -1."""
    while True:
        place = place_of(data, at, end, b"\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02")
        if place < 0 or (place + 13 < end and data[place + 12] == 0 and is_kerberos(data, place + 13, end)):
            return place
        at = place + 11


@lean_kernel
def is_kerberos(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether data[at:end] starts with a message of Kerberos 5."""
    if at >= end or not (_FIRST_KERBEROS <= data[at] <= _LAST_KERBEROS or data[at] == _KERBEROS_ERROR):
        return False
    start, stop = content(data, at, end)
    if start < 0 or start >= end or data[start] != SEQUENCE:
        return False
    inner, last = content(data, start, end)
    version = starts(data, inner, end, b"\xa0\x03\x02\x01\x05") or starts(data, inner, end, b"\xa1\x03\x02\x01\x05")
    return inner >= 0 and last == stop and version
