"""GSS-API's negotiation (SPNEGO) inside LDAP, SMB or DCE/RPC.

Source: RFC 2743, section 3.1 (tokens); RFC 4178, section 4.2 (negotiation).
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.tokens import carries_tokens, spnego_at, ticket_at
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=b"\x00\x05\x30\x81\x82", server=b"\x00\x05\x30\x81\x82")


@lean_kernel
def _speaks(data: Bytes, at: int, end: int) -> bool:
    return carries_tokens(data, at, end) and (spnego_at(data, at, end) >= 0 or ticket_at(data, at, end) >= 0)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 6:
            found[k] = _speaks(data, flow.client_at, flow.client_end) or _speaks(data, flow.server_at, flow.server_end)
