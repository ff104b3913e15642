"""IRC: the client registers, the server answers with a prefix or a NOTICE. Bot herders still like it.

Source: RFC 2812, sections 2.3 and 3.1.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.lines import recognize_lines
from redshank.flows.service import Hint

MAYBE = Hint(proto=6, client=b"NUPCnupc", server=b":NP")

_GREETINGS = (b":", b"NOTICE ", b"PING :")
_COMMANDS = (b"NICK ", b"USER ", b"PASS ", b"CAP LS", b"CAP REQ")


@kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    recognize_lines(data, streams, found, _GREETINGS, _COMMANDS)
