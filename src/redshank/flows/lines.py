"""Text protocols whose server greets and whose client commands: what FTP, IRC, POP3 and SMTP have in common.

In: payloads, and the words that only the server or only the client of a protocol begins with. Out: who speaks, as
`service.Recognize` says it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.bytes import starts, starts_word
from redshank.flows.service import FROM_CLIENT, FROM_SERVER, UNKNOWN


@kernel
def recognize_lines(
    data: npt.NDArray[np.uint8],
    payloads: npt.NDArray[Any],
    found: npt.NDArray[np.uint8],
    greetings: tuple[bytes, ...],
    commands: tuple[bytes, ...],
) -> None:
    """Set `found` to who speaks; a word of the server wins over one of the client.

    Args:
        data: The bytes of a block.
        payloads: Where payloads lie in it.
        found: What is found.
        greetings: What a server's first payload starts with, to the letter.
        commands: What a client's starts with, in capitals here and in either case on the wire.

    Shape:
        data: [b]; payloads: [n] PAYLOAD; found: [n].
    """
    for k in range(len(payloads)):
        payload = payloads[k]
        at, end = payload.offset, payload.offset + payload.length
        found[k] = UNKNOWN
        if payload.proto != 6:
            continue
        for command in commands:
            if starts_word(data, at, end, command):
                found[k] = FROM_CLIENT
        for greeting in greetings:
            if starts(data, at, end, greeting):
                found[k] = FROM_SERVER
