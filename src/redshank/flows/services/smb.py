"""SMB: a message of version 1, 2 or 3, or one of version 3 that is encrypted or packed, behind NetBIOS' length.

On port 139 a NetBIOS session is asked for first.
Source: MS-SMB, section 2.2.3.1; MS-SMB2, sections 2.1 and 2.2.1; RFC 1002, section 4.3.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.tokens import is_smb
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=b"\x00\x81", server=b"\x00\x82")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 6:
            found[k] = is_smb(data, flow.client_at, flow.client_end)
            found[k] |= is_smb(data, flow.server_at, flow.server_end)
