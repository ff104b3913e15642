"""NTLM's challenge and response inside LDAP, SMB or DCE/RPC.

Source: MS-NLMP, section 2.2.1.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import little, place_of
from redshank.flows.payload.tokens import carries_tokens
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=b"\x00\x05\x30\x81\x82", server=b"\x00\x05\x30\x81\x82")


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    if not carries_tokens(data, at, end):
        return False
    place = place_of(data, at, end, b"NTLMSSP\x00")
    return place >= 0 and place + 12 <= end and 1 <= little(data, place + 8, 4) <= 3


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 6:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
