"""IRC: the client registers, the server answers with a prefix or a NOTICE. Bot herders still like it.

Source: RFC 2812, sections 2.3 and 3.1; IRCv3, "capability negotiation" and "tls".
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.lines import recognize_lines
from redshank.flows.service import Bytes, Hint, Records

MAYBE = Hint(proto=6, client=b"", server=b":NPE")

_GREETINGS = (b":", b"NOTICE ", b"PING :", b"ERROR :")
_COMMANDS = (b"NICK ", b"USER ", b"PASS ", b"CAP LS", b"CAP REQ", b"STARTTLS\r\n")


@lean_kernel
def recognize(data: Bytes, streams: Records, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    recognize_lines(data, streams, found, _GREETINGS, _COMMANDS)
