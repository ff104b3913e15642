"""POP3: the server greets with +OK, the client answers with a command.

Source: RFC 1939, sections 3 and 4; RFC 2449.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.bytes import starts, starts_word
from redshank.flows.service import FROM_CLIENT, FROM_SERVER, UNKNOWN

BOTH = True

_GREETINGS = (b"+OK",)
_COMMANDS = (b"USER ", b"CAPA", b"APOP ", b"AUTH", b"STLS", b"QUIT")


@kernel
def _speaker(data: npt.NDArray[np.uint8], at: int, end: int, proto: int) -> int:
    if proto != 6:
        return UNKNOWN
    for greeting in _GREETINGS:
        if starts(data, at, end, greeting):
            return FROM_SERVER
    for command in _COMMANDS:
        if starts_word(data, at, end, command):
            return FROM_CLIENT
    return UNKNOWN


@kernel
def recognize(data: npt.NDArray[np.uint8], payloads: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at payloads; see service.Recognize."""
    for k in range(len(payloads)):
        payload = payloads[k]
        found[k] = _speaker(data, payload.offset, payload.offset + payload.length, payload.proto)
