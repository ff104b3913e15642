"""DNP3 over TCP: a side begins with a link-layer header whose checksum is right.

Source: IEEE 1815-2012, section 9.2 (link header) and annex on the CRC.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.dnp3 import FIRST, HEADER, recognize_headers
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=FIRST, server=FIRST, least=HEADER)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    recognize_headers(data, streams, which, found, 6)
