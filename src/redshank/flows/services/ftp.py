"""FTP: the server greets with 220 (or 120), the client answers with a command that SMTP does not have.

A server whose replies are not a code and a text does not speak it: Zeek takes the name back from such a flow, too.
Source: RFC 959, sections 4.1, 4.2 and 5.4; RFC 4217.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.lines import next_line, recognize_lines
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=b"UAFSHCPEuafshcpe", server=(b"12", b"2", b"0"), both=True)

_GREETINGS = (b"220 ", b"220-", b"120 ", b"120-")
_COMMANDS = (b"USER ", b"AUTH TLS", b"AUTH SSL", b"FEAT", b"SYST", b"HOST ", b"CLNT ", b"PASV", b"EPSV")


@lean_kernel
def _code(data: Bytes, at: int) -> int:
    """Return the three digits at `at` as a number, -1 if they are not; the caller knows that they are there."""
    code = 0
    for place in range(at, at + 3):
        if not 48 <= data[place] <= 57:
            return -1
        code = code * 10 + int(data[place]) - 48
    return code


@lean_kernel
def _replies(data: Bytes, at: int, end: int) -> bool:
    """Tell whether a space, a hyphen or a line end follows each code that begins a line."""
    many = -1  # the code of the reply of many lines we are in: what stands there is free, up to this code and a space
    while end - at >= 4:
        code, after = _code(data, at), data[at + 3]
        if many >= 0:
            many = -1 if code == many and after == 32 else many
        elif code < 0:
            return True  # encrypted from here on
        elif after == 45:
            many = code
        elif after not in (32, 13, 10):
            return False
        at = next_line(data, at, end)
    return True


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    recognize_lines(data, streams, which, found, _GREETINGS, _COMMANDS)
    for k in range(len(which)):
        if found[k]:
            found[k] = _replies(data, streams[which[k]].server_at, streams[which[k]].server_end)
