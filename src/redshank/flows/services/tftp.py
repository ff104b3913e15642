"""TFTP, by which devices boot and worms spread: a request with a file's name and a mode that exists.

The answer comes from another port and is a flow of its own, without a mark.
Source: RFC 1350, section 5; RFC 2347 for options.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number, place_of, printable
from redshank.flows.payload.lines import starts_with_one
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=17, client=(b"\x00", b"\x01\x02"), server=b"", least=9)

_LONGEST_NAME = 512
_MODES = (b"OCTET\x00", b"NETASCII\x00", b"MAIL\x00")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        at, end = streams[which[k]].client_at, streams[which[k]].client_end
        if streams[which[k]].proto != 17 or end - at < 9 or number(data, at, 2) not in (1, 2):
            continue
        name = place_of(data, at + 2, min(end, at + _LONGEST_NAME), b"\x00")
        if name > at + 2 and printable(data, at + 2, name):
            found[k] = starts_with_one(data, name + 1, end, _MODES)
