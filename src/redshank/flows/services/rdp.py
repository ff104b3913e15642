"""RDP: the client asks for a transport connection with a cookie or a security protocol, the server confirms it.

Source: MS-RDPBCGR, sections 2.2.1.1 and 2.2.1.2; RFC 2126 (TPKT and X.224 over TCP).
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import little, number, starts
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=(b"\x03", b"\x00", None, None, None, b"\xe0"), server=b"", least=11)

_PORT = 3389
_REQUEST, _CONFIRM = 0xE0, 0xD0
_HEADERS = 11


@lean_kernel
def _is_tpdu(data: Bytes, at: int, end: int, code: int) -> bool:
    """Tell whether a TPKT with an X.224 connection TPDU of class 0 stands at `at`."""
    if end - at < _HEADERS or data[at] != 3 or data[at + 1] != 0 or data[at + 5] != code or data[at + 10] != 0:
        return False
    length = number(data, at + 2, 2)
    return length >= _HEADERS and data[at + 4] == length - 5


@lean_kernel
def _asks(data: Bytes, at: int, end: int, port: int) -> bool:
    if not _is_tpdu(data, at, end, _REQUEST):
        return False
    place = at + _HEADERS
    if starts(data, place, end, b"Cookie: "):
        return True
    negotiates = place + 8 <= end and data[place] == 1 and little(data, place + 2, 2) == 8
    return negotiates or (port == _PORT and number(data, at + 2, 2) == _HEADERS)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        asked = _asks(data, flow.client_at, flow.client_end, flow.resp_port)
        silent = flow.server_at == flow.server_end
        confirmed = silent or _is_tpdu(data, flow.server_at, flow.server_end, _CONFIRM)
        found[k] = flow.proto == 6 and asked and confirmed
