"""Protocols of text lines: what FTP, IRC, POP3, SMTP, IMAP, RTSP, SIP and SSDP have in common.

In: flows, and the words that the server and the client of a protocol begin with. Out: which flows speak it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import byte_at, place_of, starts, starts_word


@lean_kernel
def recognize_lines(
    data: npt.NDArray[np.uint8],
    streams: npt.NDArray[Any],
    which: npt.NDArray[np.int64],
    found: npt.NDArray[np.uint8],
    greetings: tuple[bytes, ...],
    commands: tuple[bytes, ...],
) -> None:
    """Set `found` where the server greeted and the client commanded.

    Args:
        data: Bytes.
        streams: Where the first bytes of flows lie in it.
        which: The flows to look at.
        found: What is found.
        greetings: What a server's first bytes start with, to the letter.
        commands: What a client's start with, in capitals here and in either case on the wire.

    Shape:
        data: [b]; streams: [n] STREAM; which, found: [m].
    """
    for k in range(len(which)):
        stream = streams[which[k]]
        commanded = starts_with_one(data, stream.client_at, stream.client_end, commands)
        greeted = False
        for greeting in greetings:
            greeted |= starts(data, stream.server_at, stream.server_end, greeting)
        found[k] = stream.proto == 6 and commanded and greeted


@lean_kernel
def starts_with_one(data: npt.NDArray[np.uint8], at: int, end: int, words: tuple[bytes, ...]) -> bool:
    """Tell whether data[at:end] starts with one of `words`, in capitals here and in either case on the wire."""
    found = False
    for word in words:
        found |= starts_word(data, at, end, word)
    return found


@lean_kernel
def next_line(data: npt.NDArray[np.uint8], at: int, end: int) -> int:
    """Return where the line after that at `at` begins; `end` if there is none."""
    return min(byte_at(data, at, end, 10) + 1, end) if at < end else end


@lean_kernel
def first_line_has(data: npt.NDArray[np.uint8], at: int, end: int, text: bytes) -> bool:
    """Tell whether `text` stands in the first line of data[at:end]."""
    return place_of(data, at, next_line(data, at, end), text) >= 0


@lean_kernel
def has_line(data: npt.NDArray[np.uint8], at: int, end: int, word: bytes) -> bool:
    """Tell whether a line of data[at:end] starts with `word`, in capitals here and in either case on the wire."""
    while at < end:
        if starts_word(data, at, end, word):
            return True
        at = next_line(data, at, end)
    return False
