"""TLS records: where a hello starts, and the handshake messages that records carry.

In: the first bytes of one direction. Out: the place of a hello, at the start or after an upgrade (STARTTLS, CONNECT,
SSLRequest); the bytes of the handshake, put together over records, until they are encrypted; and what came after.
Source: RFC 8446 and RFC 5246 (record layer); RFC 6101, appendix E for the hello of SSL 2.
"""

import numpy as np
import numpy.typing as npt

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import byte_at, copy, number

CLIENT_HELLO, SERVER_HELLO, CERTIFICATE, KEY_EXCHANGE, CLIENT_KEY = 1, 2, 11, 12, 16
HANDSHAKE = 4096
"""Bytes of a handshake that are put together."""

_CHANGE, _ALERT, _HANDSHAKE, _APPLIED = 20, 21, 22, 23
_MAX_RECORD = 18432


@lean_kernel
def hello_at(data: npt.NDArray[np.uint8], at: int, end: int, message: int) -> int:
    """Return where the record with a hello starts, or -1; `message` is CLIENT_HELLO or SERVER_HELLO.

    In the middle of a text a hello is believed only with the versions of record and message and fitting lengths.
    """
    if end - at >= 6 and data[at] == _HANDSHAKE and data[at + 1] == 3 and data[at + 2] <= 4:
        length = number(data, at + 3, 2)
        return at if 4 <= length <= _MAX_RECORD and data[at + 5] == message else -1
    while at < end - 10:
        at = byte_at(data, at, end - 10, _HANDSHAKE)
        if at < end - 10 and data[at + 1] == 3 and data[at + 2] <= 4 and data[at + 5] == message:
            inner = number(data, at + 6, 3)
            if data[at + 9] == 3 and data[at + 10] <= 4 and 38 <= inner <= number(data, at + 3, 2) - 4:
                return at
        at += 1
    return -1


@lean_kernel
def old_hello(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether there is the client's hello of SSL 2, which SSL 3 clients sent too."""
    return end - at >= 6 and data[at] & 128 != 0 and data[at + 2] == 1 and data[at + 3] in (2, 3)


@lean_kernel
def refuses(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    """Tell whether a server starts with an alert."""
    return (
        end - at >= 6
        and data[at] == _ALERT
        and data[at + 1] == 3
        and data[at + 2] <= 4
        and number(data, at + 3, 2) == 2
    )


@lean_kernel
def _plain(data: npt.NDArray[np.uint8], at: int, stop: int) -> bool:
    """Tell whether the record is a hello in the clear: after a HelloRetryRequest it comes behind a ChangeCipherSpec."""
    return stop - at > 42 and data[at] in (CLIENT_HELLO, SERVER_HELLO) and number(data, at + 1, 3) == stop - at - 4


@lean_kernel
def gather(data: npt.NDArray[np.uint8], at: int, end: int, out: npt.NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Put the handshake messages of the records at `at` together.

    Args:
        data: Bytes.
        at: Where a record starts.
        end: Where the bytes of this direction end.
        out: The handshake goes there, as much as it has room for.

    Returns:
        How many bytes of handshake there are; how many ChangeCipherSpec, how many encrypted handshake records after it,
        and how many records of application data. The first is negative if the last record was cut.
    """
    length, changed, sealed, applied, cut = 0, 0, 0, 0, False
    while at + 5 <= end:
        kind, size = data[at], number(data, at + 3, 2)
        if data[at + 1] != 3 or kind < _CHANGE or kind > _APPLIED + 1 or size > _MAX_RECORD:
            break
        start, stop = at + 5, min(at + 5 + size, end)
        cut = at + 5 + size > end
        if kind == _HANDSHAKE and (changed == 0 or _plain(data, start, stop)):
            length = copy(data, start, min(stop - start, len(out) - length), out, length)
        elif kind == _HANDSHAKE:
            sealed += 1
        elif kind == _CHANGE:
            changed += 1
        elif kind == _APPLIED:
            applied += 1
        at = start + size
    return -length - 1 if cut or 0 < end - at < 5 else length, changed, sealed, applied
