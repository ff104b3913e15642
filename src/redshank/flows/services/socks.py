"""SOCKS 4 and 5: the client's greeting and the server's choice.

Source: RFC 1928, sections 3 and 4; the SOCKS 4 memo of Ying-Da Lee and its extension 4A.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import place_of, printable
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=b"\x04\x05", server=b"\x00\x05", both=True)

_METHODS = (0, 1, 2, 3, 5, 6, 7, 8, 9, 128, 129, 130, 131, 132, 133, 134, 135)
_NO_METHOD = 255
_LONGEST_USER = 256


@lean_kernel
def _version_5(data: Bytes, at: int, end: int, server_at: int, server_end: int) -> bool:
    if end - at < 3 or server_end - server_at < 2 or data[server_at] != 5 or data[at] != 5:
        return False
    offered, chosen = int(data[at + 1]), data[server_at + 1]
    if offered == 0 or at + 2 + offered > end:
        return False
    agreed = bool(chosen == _NO_METHOD)
    for place in range(at + 2, at + 2 + offered):
        if data[place] not in _METHODS:
            return False
        agreed = agreed or bool(data[place] == chosen)
    request = at + 2 + offered
    if chosen == 0 and request + 4 <= end:  # nothing comes between when nobody has to say who he is
        return agreed and data[request] == 5 and 1 <= data[request + 1] <= 3
    return agreed


@lean_kernel
def _version_4(data: Bytes, at: int, end: int, server_at: int, server_end: int) -> bool:
    if end - at < 9 or server_end - server_at < 8 or data[at] != 4 or data[at + 1] not in (1, 2):
        return False
    user = place_of(data, at + 8, min(end, at + 8 + _LONGEST_USER), b"\x00")
    return user >= 0 and printable(data, at + 8, user) and data[server_at] == 0 and 90 <= data[server_at + 1] <= 93


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 6:
            found[k] = _version_5(data, flow.client_at, flow.client_end, flow.server_at, flow.server_end)
            found[k] |= _version_4(data, flow.client_at, flow.client_end, flow.server_at, flow.server_end)
