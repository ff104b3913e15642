"""LDAP over UDP (CLDAP), by which domain controllers are found and floods are reflected: a request or a response.

Source: RFC 1798; MS-ADTS, section 6.3.3; RFC 4511, section 4.1.1.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.ldap import is_request, is_response
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=17, client=b"\x30", server=b"\x30")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        if flow.proto == 17:
            # Who answers a forged request is the originator of what we see.
            asked = is_request(data, flow.client_at, flow.client_end)
            asked |= is_response(data, flow.client_at, flow.client_end)
            found[k] = asked or is_response(data, flow.server_at, flow.server_end)
