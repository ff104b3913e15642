"""IMAP: the server greets with an untagged response, the client sends tagged commands.

Source: RFC 9051, sections 2.2 and 7.1.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.lines import starts_with_one
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=bytes(range(33, 127)), server=(b"*", b" ", b"OPB"), both=True)

_GREETINGS = (b"* OK", b"* PREAUTH", b"* BYE")
_COMMANDS = (
    b"CAPABILITY",
    b"LOGIN ",
    b"STARTTLS",
    b"AUTHENTICATE ",
    b"ID ",
    b"NOOP",
    b"LOGOUT",
    b"SELECT ",
    b"EXAMINE ",
    b"LIST ",
    b"NAMESPACE",
    b"ENABLE ",
)
_LONGEST_TAG = 32


@lean_kernel
def _commands(data: Bytes, at: int, end: int) -> bool:
    place = at
    while place < end and place - at <= _LONGEST_TAG and 33 <= data[place] <= 126:
        place += 1
    return place > at and place < end and data[place] == 32 and starts_with_one(data, place + 1, end, _COMMANDS)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        greeted = starts_with_one(data, flow.server_at, flow.server_end, _GREETINGS)
        found[k] = flow.proto == 6 and greeted and _commands(data, flow.client_at, flow.client_end)
