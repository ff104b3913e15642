"""Text protocols whose server greets and whose client commands: what FTP, IRC, POP3 and SMTP have in common.

In: flows, and the words that the server and the client of a protocol begin with. Out: which flows speak it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import kernel
from redshank.flows.bytes import starts, starts_word


@kernel
def recognize_lines(
    data: npt.NDArray[np.uint8],
    streams: npt.NDArray[Any],
    found: npt.NDArray[np.uint8],
    greetings: tuple[bytes, ...],
    commands: tuple[bytes, ...],
) -> None:
    """Set `found` where the server greeted and the client commanded.

    Args:
        data: Bytes.
        streams: Where the first bytes of flows lie in it.
        found: What is found.
        greetings: What a server's first bytes start with, to the letter.
        commands: What a client's start with, in capitals here and in either case on the wire.

    Shape:
        data: [b]; streams: [n] STREAM; found: [n].
    """
    for k in range(len(streams)):
        stream = streams[k]
        commanded, greeted = False, False
        for command in commands:
            commanded |= starts_word(data, stream.client_at, stream.client_end, command)
        for greeting in greetings:
            greeted |= starts(data, stream.server_at, stream.server_end, greeting)
        found[k] = stream.proto == 6 and commanded and greeted
