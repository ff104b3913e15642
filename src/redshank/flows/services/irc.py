"""IRC: the client registers, the server answers with a prefix or a NOTICE. Bot herders still like it.

Source: RFC 2812, sections 2.3 and 3.1; IRCv3, "capability negotiation" and "tls".
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.lines import recognize_lines
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=b"NUPCSnupcs", server=b":NPE", both=True)

_GREETINGS = (b":", b"NOTICE ", b"PING :", b"ERROR :")
_COMMANDS = (b"NICK ", b"USER ", b"PASS ", b"CAP LS", b"CAP REQ", b"STARTTLS\r\n")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    recognize_lines(data, streams, which, found, _GREETINGS, _COMMANDS)
