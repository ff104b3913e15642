"""OPC UA's binary protocol: messages begin with three letters, the kind of chunk, and their length.

Source: OPC 10000-6, section 7.1.2.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import little, starts
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(
    proto=6,
    client=(b"HOMC", b"EPSL", b"LNGO", b"FCA"),
    server=(b"AEROM", b"CRHPS", b"KRENG", b"FCA"),
    least=12,
)

_LARGEST = 1 << 24


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if end - at < 12 or data[at + 3] not in (70, 67, 65):  # F, C, A: final, more, abort
        return False
    if not 8 <= little(data, at + 4, 4) <= _LARGEST:
        return False
    if starts(data, at, end, b"HELF") or starts(data, at, end, b"ACKF"):
        return little(data, at + 8, 4) == 0 and little(data, at + 4, 4) >= 28  # of the version 0 there is only one
    if starts(data, at, end, b"ERRF") or starts(data, at, end, b"RHEF"):
        return little(data, at + 4, 4) >= 16
    return starts(data, at, end, b"OPN") or starts(data, at, end, b"MSG") or starts(data, at, end, b"CLO")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 6:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
