"""POP3: the server greets with +OK, the client answers with a command.

Source: RFC 1939, sections 3 and 4; RFC 2449.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.lines import recognize_lines
from redshank.flows.service import Hint

MAYBE = Hint(proto=6, client=b"UCASQucasq", server=b"+")

_GREETINGS = (b"+OK",)
_COMMANDS = (b"USER ", b"CAPA", b"APOP ", b"AUTH", b"STLS", b"QUIT")


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    recognize_lines(data, streams, found, _GREETINGS, _COMMANDS)
