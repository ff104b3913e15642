"""Telnet: both ends negotiate options, each byte of IAC followed by a verb that exists.

One command says little: there must be two, or one on a port where Telnet is at home. A session that begins without
any negotiation has no mark of its own and is not recognized.
Source: RFC 854 (commands), RFC 855 (negotiation); IANA's registry of Telnet options.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import place_of
from redshank.flows.service import Bytes, Hint, Places, Records

_LAST_OPTION = 49
_MORE_OPTIONS = (138, 139, 140, 255)
_FIRST = (b"\xff", b"\xfa\xfb\xfc\xfd\xfe", bytes([*range(_LAST_OPTION + 1), *_MORE_OPTIONS]))
MAYBE = Hint(proto=6, client=_FIRST, server=_FIRST, least=3)

_PORTS = (23, 2323)
_IAC, _SB = 255, 250


@lean_kernel
def _commands(data: Bytes, at: int, end: int) -> int:
    """Return with how many commands a side starts; -1 if one of them does not exist."""
    count = 0
    while end - at >= 3 and data[at] == _IAC:
        verb, option = int(data[at + 1]), int(data[at + 2])
        if verb < _SB:
            return -1
        if option > _LAST_OPTION and option not in _MORE_OPTIONS:
            return -1
        if verb == _SB:
            stop = place_of(data, at + 3, end, b"\xff\xf0")
            if stop < 0:
                return count
            at = stop - 1
        elif verb == _IAC:
            return -1
        count += 1
        at += 3
    return count


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto != 6:
            continue
        client = _commands(data, flow.client_at, flow.client_end)
        server = _commands(data, flow.server_at, flow.server_end)
        if client >= 0 and server >= 0:
            found[k] = client + server >= (1 if flow.resp_port in _PORTS else 2)
