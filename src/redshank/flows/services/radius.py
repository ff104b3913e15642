"""RADIUS: a datagram whose length is right and whose attributes fill it to the last byte.

Source: RFC 2865, sections 3 to 5; RFC 2866; RFC 5176.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.service import Bytes, Hint, Places, Records

_CODES = (1, 2, 3, 4, 5, 11, 12, 13, 40, 41, 42, 43, 44, 45)
MAYBE = Hint(proto=17, client=bytes(_CODES), server=b"", least=20)

_PORTS = (1645, 1646, 1812, 1813, 3799)
_HEADER = 20


@lean_kernel
def _speaks(data: Bytes, at: int, end: int, usual: bool) -> bool:  # noqa: FBT001  numba has no keywords
    if end - at < _HEADER or data[at] not in _CODES or number(data, at + 2, 2) != end - at:
        return False
    place, attributes = at + _HEADER, 0
    while place + 2 <= end and data[place + 1] >= 2:
        place += int(data[place + 1])
        attributes += 1
    return place == end and (usual or attributes >= 2)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 17:
            usual = flow.resp_port in _PORTS
            silent = flow.server_at == flow.server_end
            found[k] = _speaks(data, flow.client_at, flow.client_end, usual)
            found[k] &= silent or _speaks(data, flow.server_at, flow.server_end, usual)
