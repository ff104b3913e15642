"""SMTP: the server greets with 220, the client says HELO or EHLO.

Source: RFC 5321, section 4.1.1.1 and 4.2.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.lines import recognize_lines
from redshank.flows.service import Hint

MAYBE = Hint(proto=6, client=b"EHeh", server=b"2")

_GREETINGS = (b"220 ", b"220-")
_COMMANDS = (b"EHLO ", b"HELO ")


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    recognize_lines(data, streams, found, _GREETINGS, _COMMANDS)
