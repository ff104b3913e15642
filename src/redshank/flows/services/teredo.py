"""Teredo: IPv6 packets, whose lengths fit, in UDP in both directions.

As Zeek does by default, a flow is named only once both ends spoke it.
Source: RFC 4380, sections 4 and 5.1.1.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = bytes([0, *range(0x60, 0x70)])
MAYBE = Hint(proto=17, client=_FIRST, server=_FIRST, least=40, both=True)

_ORIGIN, _AUTHENTICATION = 0, 1
_HEADER, _NO_NEXT = 40, 59
_SHORTEST = 8
"""Bytes of the shortest header that can follow; a DNS question of 41 bytes whose number begins with 6 has but one."""


@lean_kernel
def _packet_at(data: Bytes, at: int, end: int) -> int:
    """Return where the IPv6 packet begins, after indications of authentication and origin; -1 if there is none."""
    if end - at >= 4 and number(data, at, 2) == _AUTHENTICATION:
        at += 13 + int(data[at + 2]) + int(data[at + 3])
    if end - at >= 8 and number(data, at, 2) == _ORIGIN:
        at += 8
    return at if end - at >= _HEADER and data[at] >> 4 == 6 else -1


@lean_kernel
def _carries(data: Bytes, at: int, end: int) -> bool:
    place = _packet_at(data, at, end)
    if place < 0:
        return False
    length = number(data, place + 4, 2)
    # A bubble keeps a hole in an address translation open; some put bytes after it.
    if length >= _SHORTEST and place + _HEADER + length == end:
        return True
    return bool(length == 0 and data[place + 6] == _NO_NEXT)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        found[k] = (
            flow.proto == 17
            and _carries(data, flow.client_at, flow.client_end)
            and _carries(data, flow.server_at, flow.server_end)
        )
