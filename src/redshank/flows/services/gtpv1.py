"""GTP version 1, the tunnel of mobile networks: a message as long as it says; what it carries is an IP packet.

Messages that carry nothing say little, so they are believed on GTP's ports only.
Source: 3GPP TS 29.281, section 5; TS 29.060 for the messages of the control plane.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.payload.inner import is_ip
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (bytes(range(0x30, 0x38)), bytes(range(1, 256)))
MAYBE = Hint(proto=17, client=_FIRST, server=_FIRST, least=8)

_PORTS = (2123, 2152)
_PACKET = 255


@lean_kernel
def _speaks(data: Bytes, at: int, end: int, usual: bool) -> bool:  # noqa: FBT001  numba has no keywords
    # Bit 3 is spare and stays clear.
    if end - at < 8 or data[at] & 0xF8 != 0x30 or at + 8 + number(data, at + 2, 2) != end:
        return False
    if data[at + 1] != _PACKET:
        return usual and data[at + 1] > 0
    place = at + 8
    if data[at] & 7:
        place += 4
        extension = data[place - 1] if place <= end else 0
        while extension != 0 and place < end and data[place] > 0:
            place += 4 * int(data[place])
            extension = data[place - 1] if place <= end else 0
    return is_ip(data, place, end)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 17:
            usual = flow.resp_port in _PORTS
            found[k] = _speaks(data, flow.client_at, flow.client_end, usual)
            found[k] |= _speaks(data, flow.server_at, flow.server_end, usual)
