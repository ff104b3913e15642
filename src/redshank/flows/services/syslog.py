"""Syslog: a priority in angle brackets, then a version or a date; on its port anything printable may follow.

Over UDP and, with or without a count of octets before it, over TCP.
Source: RFC 5424, section 6.2.1; RFC 3164, section 4.1; RFC 6587, section 3.4.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import printable, starts
from redshank.flows.service import Bytes, Hint, Places, Records

_DIGITS = b"0123456789"
MAYBE = (
    Hint(proto=17, client=(b"<", _DIGITS), server=(b"<", _DIGITS)),
    Hint(proto=6, client=(b"<" + _DIGITS, b" <" + _DIGITS), server=b""),
)

_PORT = 514
_LAST_PRIORITY = 191
_MONTHS = (
    b"Jan ",
    b"Feb ",
    b"Mar ",
    b"Apr ",
    b"May ",
    b"Jun ",
    b"Jul ",
    b"Aug ",
    b"Sep ",
    b"Oct ",
    b"Nov ",
    b"Dec ",
)


@lean_kernel
def _dated(data: Bytes, at: int, end: int) -> bool:
    """Tell whether version 1 and a year, or a month and a day, stand at `at`."""
    if starts(data, at, end, b"1 2") or starts(data, at, end, b"1 - "):
        return True
    for month in _MONTHS:
        if starts(data, at, end, month):
            return at + 6 <= end and 48 <= data[at + 5] <= 57
    return False


@lean_kernel
def _speaks(data: Bytes, at: int, end: int, usual: bool) -> bool:  # noqa: FBT001  numba has no keywords
    if at >= end or data[at] != 60:
        return False
    place, priority = at + 1, 0
    while place < end and place - at < 4 and 48 <= data[place] <= 57:
        priority = priority * 10 + int(data[place]) - 48
        place += 1
    if place == at + 1 or place + 1 >= end or data[place] != 62 or priority > _LAST_PRIORITY:
        return False
    if data[at + 1] == 48 and place > at + 2:
        return False
    return _dated(data, place + 1, end) or (usual and printable(data, place + 1, min(end, place + 9)))


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        at, end = flow.client_at, flow.client_end
        usual = _PORT in (flow.orig_port, flow.resp_port)
        if flow.proto == 17:
            # Who sends from the port of syslog counts as the responder.
            found[k] = _speaks(data, at, end, usual) or _speaks(data, flow.server_at, flow.server_end, usual)
        elif flow.proto == 6:
            while at < end and at - flow.client_at < 6 and 48 <= data[at] <= 57:
                at += 1
            if at > flow.client_at and at < end and data[at] == 32:
                at += 1
            found[k] = _speaks(data, at, end, usual)
