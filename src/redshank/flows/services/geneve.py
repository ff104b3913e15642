"""Geneve: version 0, no reserved bit, and an Ethernet frame or IP packet that looks like one.

Source: RFC 8926, section 3.4.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.payload.inner import is_frame, is_ip
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = (
    bytes(range(0x40)),
    b"\x00\x40\x80\xc0",
    b"\x65\x08\x86",  # the types of what may follow
    b"\x58\x00\xdd",
    None,
    None,
    None,
    b"\x00",
)
MAYBE = Hint(proto=17, client=_FIRST, server=_FIRST, least=8)

_ETHERNET, _IPV4, _IPV6 = 0x6558, 0x0800, 0x86DD


@lean_kernel
def _carries(data: Bytes, at: int, end: int) -> bool:
    if end - at < 8 or data[at] >> 6 != 0 or data[at + 1] & 63 != 0 or data[at + 7] != 0:
        return False
    inner, kind = at + 8 + 4 * (data[at] & 63), number(data, at + 2, 2)
    if kind == _ETHERNET:
        return is_frame(data, inner, end)
    return kind in (_IPV4, _IPV6) and is_ip(data, inner, end)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 17:
            found[k] = _carries(data, flow.client_at, flow.client_end) or _carries(
                data, flow.server_at, flow.server_end
            )
