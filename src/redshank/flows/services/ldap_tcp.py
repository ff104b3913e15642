"""LDAP over TCP: the client begins with a request, the server with a response.

On its ports one side is enough if the other said nothing.
Source: RFC 4511, sections 4.1.1 and 5.1.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.ldap import is_request, is_response
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=b"\x30", server=b"\x30")

_PORTS = (389, 3268)


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto != 6:
            continue
        usual = flow.resp_port in _PORTS
        silent_client, silent_server = flow.client_at == flow.client_end, flow.server_at == flow.server_end
        asked = is_request(data, flow.client_at, flow.client_end) or (usual and silent_client)
        answered = is_response(data, flow.server_at, flow.server_end) or (usual and silent_server)
        found[k] = asked and answered and not (silent_client and silent_server)
