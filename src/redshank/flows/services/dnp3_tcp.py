"""DNP3 over TCP: a side begins with a link-layer header whose checksum is right.

Source: IEEE 1815-2012, section 9.2 (link header) and annex on the CRC.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.dnp3 import FIRST, HEADER, is_header
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=FIRST, server=FIRST, least=HEADER)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 6:
            found[k] = is_header(data, flow.client_at, flow.client_end)
            found[k] |= is_header(data, flow.server_at, flow.server_end)
