"""POP3: the server greets with +OK and a text, the client answers with a command.

Source: RFC 1939, sections 3 and 4; RFC 2449; RFC 2595 (STLS).
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.lines import recognize_lines
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=b"UCASQucasq", server=(b"+", b"O", b"K", b" "), both=True)

_GREETINGS = (b"+OK ",)
_COMMANDS = (b"USER ", b"CAPA", b"APOP ", b"AUTH", b"STLS", b"QUIT")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    recognize_lines(data, streams, which, found, _GREETINGS, _COMMANDS)
