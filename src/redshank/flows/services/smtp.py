"""SMTP: the server greets with 220, or refuses with 421 or 554, the client says HELO or EHLO.

Source: RFC 5321, sections 3.1, 4.1.1.1 and 4.2.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.lines import recognize_lines
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=(b"EHLehl", b"HEhe", b"Ll"), server=(b"245", b"225", b"014"), both=True)

_GREETINGS = (b"220 ", b"220-", b"421 ", b"554 ", b"554-")
_COMMANDS = (b"EHLO ", b"HELO ", b"LHLO ")


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    recognize_lines(data, streams, which, found, _GREETINGS, _COMMANDS)
