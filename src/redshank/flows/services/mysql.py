"""MySQL and MariaDB: the server greets with protocol 10 and its version in letters.

Source: MySQL internals manual, "Protocol::HandshakeV10" and "Protocol::Packet".
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import little, place_of, printable
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=b"", server=(None, None, None, b"\x00", b"\x0a"), least=40)

_PROTOCOL = 10
_LONGEST_VERSION = 64


@lean_kernel
def _greets(data: Bytes, at: int, end: int) -> bool:
    if end - at < 40 or data[at + 3] != 0 or data[at + 4] != _PROTOCOL:
        return False
    length = little(data, at, 3)
    version = place_of(data, at + 5, min(end, at + 5 + _LONGEST_VERSION), b"\x00")
    if version <= at + 5 or at + 4 + length > end or version + 14 > at + 4 + length:
        return False
    # A number of the thread, eight bytes of a challenge, and a zero follow the version.
    return printable(data, at + 5, version) and 48 <= data[at + 5] <= 57 and data[version + 13] == 0


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        found[k] = flow.proto == 6 and _greets(data, flow.server_at, flow.server_end)
