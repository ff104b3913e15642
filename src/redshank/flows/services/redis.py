"""Redis: the client sends arrays of counted strings, the server answers in the same notation.

Commands as plain words, which a person at a terminal sends, are believed on its port only.
Source: the Redis serialization protocol specification (RESP2 and RESP3), https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import place_of, starts
from redshank.flows.payload.lines import starts_with_one
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=(b"*PICAQpicaq", b"0123456789+-INOLUinolu"), server=b"")

_PORT = 6379
_COUNTED = (36, 42, 58, 40, 35, 33, 61, 37, 96, 126, 62)  # $*:(#!=%`~>
_PLAIN = (43, 45, 95, 44)  # +-_,
_LONGEST_LINE = 512
_WORDS = (b"PING\r\n", b"INFO", b"COMMAND", b"CONFIG GET ", b"CLIENT ", b"AUTH ", b"QUIT\r\n")


@lean_kernel
def _after_number(data: Bytes, at: int, end: int) -> int:
    """Return what follows the number at `at` and its line end; -1 if it is none."""
    place = at + 1 if at < end and data[at] in (43, 45) else at
    digits = place
    while place < end and place - digits < 10 and 48 <= data[place] <= 57:
        place += 1
    if place == digits or not starts(data, place, end, b"\r\n"):
        return -1
    return place + 2


@lean_kernel
def _asks(data: Bytes, at: int, end: int, port: int) -> bool:
    if at < end and data[at] == 42:
        place = _after_number(data, at + 1, end)
        return place >= 0 and place < end and data[place] == 36 and _after_number(data, place + 1, end) >= 0
    return port == _PORT and starts_with_one(data, at, end, _WORDS)


@lean_kernel
def _answers(data: Bytes, at: int, end: int) -> bool:
    if at >= end:
        return True
    if data[at] in _PLAIN:
        return place_of(data, at, min(end, at + _LONGEST_LINE), b"\r\n") >= 0
    return data[at] in _COUNTED and _after_number(data, at + 1, end) >= 0


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        asked = _asks(data, flow.client_at, flow.client_end, flow.resp_port)
        found[k] = flow.proto == 6 and asked and _answers(data, flow.server_at, flow.server_end)
