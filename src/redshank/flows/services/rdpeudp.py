"""RDP's transport over UDP: the client's SYN, padded with zeros, and the server's SYN with ACK.

Source: MS-RDPEUDP, sections 2.2.2.1 and 3.1.5.1.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=17, client=(b"\xff", b"\xff", b"\xff", b"\xff"), server=b"", least=256)

_SYN, _SYN_ACK = 1, 5
_NOTHING_RECEIVED = 0xFFFFFFFF
_SMALLEST = 1132  # a handshake datagram is padded, to find out what the path carries


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        client, server = flow.client_at, flow.server_at
        if flow.proto != 17 or flow.client_end - client < _SMALLEST or flow.server_end - server < 16:
            continue
        asked = number(data, client, 4) == _NOTHING_RECEIVED and number(data, client + 6, 2) & 7 == _SYN
        # The server acknowledges the client's initial sequence number.
        answered = number(data, server, 4) == number(data, client + 8, 4)
        found[k] = asked and answered and number(data, server + 6, 2) & 7 == _SYN_ACK
