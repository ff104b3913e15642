"""Kerberos 5 over UDP, and its tickets inside LDAP, SMB and DCE/RPC.

Source: RFC 4120, sections 5 and 7.2.1; RFC 4121, section 4.1 (a ticket as a GSS-API token).
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.tokens import carries_tokens, is_kerberos, ticket_at
from redshank.flows.service import Bytes, Hint, Places, Records

_FIRST = b"\x00\x05\x30\x81\x82" + b"jklmno~"  # of what carries tickets, of Kerberos' own messages
MAYBE = Hint(client=_FIRST, server=_FIRST)


@lean_kernel
def _speaks(data: Bytes, at: int, end: int, proto: int) -> bool:
    if proto == 17:
        return is_kerberos(data, at, end)
    return carries_tokens(data, at, end) and ticket_at(data, at, end) >= 0


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto in (6, 17):
            found[k] = _speaks(data, flow.client_at, flow.client_end, flow.proto)
            found[k] |= _speaks(data, flow.server_at, flow.server_end, flow.proto)
