"""EtherNet/IP: an encapsulation header with a command that exists, no options, and a length that fits.

Source: ODVA, The CIP Networks Library, volume 2, section 2-3.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import little
from redshank.flows.service import Bytes, Hint, Places, Records

_COMMANDS = (0x01, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6F, 0x70, 0x72, 0x73)
_FIRST = (bytes(_COMMANDS), b"\x00")
MAYBE = Hint(client=_FIRST, server=_FIRST, least=24)

_STATUSES = (0, 1, 2, 3, 0x64, 0x65, 0x69)
_HEADER = 24
_LONGEST = 65_511


@lean_kernel
def _speaks(data: Bytes, at: int, end: int, proto: int) -> bool:
    if end - at < _HEADER or little(data, at, 2) not in _COMMANDS or little(data, at + 20, 4) != 0:
        return False
    length = little(data, at + 2, 2)
    if little(data, at + 8, 4) not in _STATUSES or length > _LONGEST:
        return False
    return at + _HEADER + length == end if proto == 17 else _fits(data, at, end, length)


@lean_kernel
def _fits(data: Bytes, at: int, end: int, length: int) -> bool:
    """Tell whether a command is as long as such a one is, and another follows it if anything does."""
    command, after = little(data, at, 2), at + _HEADER + length
    if command == 0x65 and length != 4:
        return False
    if command == 0x66 and length != 0:
        return False
    if command in (0x6F, 0x70) and length < 6 and little(data, at + 8, 4) == 0:
        return False
    return after + 2 > end or little(data, after, 2) in _COMMANDS


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto in (6, 17):
            found[k] = _speaks(data, flow.client_at, flow.client_end, flow.proto)
            found[k] |= _speaks(data, flow.server_at, flow.server_end, flow.proto)
