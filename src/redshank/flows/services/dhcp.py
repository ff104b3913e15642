"""DHCP: a BOOTP message with the magic cookie.

Source: RFC 2131, section 2 and figure 1.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import starts
from redshank.flows.service import Bytes, Hint, Places, Records

_COOKIE = 236
MAYBE = Hint(proto=17, client=b"\x01\x02", server=b"\x01\x02", least=_COOKIE + 4)


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    return end - at > _COOKIE and 1 <= data[at] <= 2 and starts(data, at + _COOKIE, end, b"\x63\x82\x53\x63")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 17:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
