"""FTP: the server greets with 220 (or 120), the client answers with a command that SMTP does not have.

Source: RFC 959, sections 4.1 and 5.4; RFC 4217.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.lines import recognize_lines
from redshank.flows.service import Hint

MAYBE = Hint(proto=6, client=b"UAFSHuafsh", server=b"12")

_GREETINGS = (b"220 ", b"220-", b"120 ")
_COMMANDS = (b"USER ", b"AUTH TLS", b"AUTH SSL", b"FEAT", b"SYST", b"HOST ")


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    recognize_lines(data, streams, found, _GREETINGS, _COMMANDS)
