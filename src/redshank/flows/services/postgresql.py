"""PostgreSQL: the client's startup message or its wish for encryption, and what a server answers to that.

Source: PostgreSQL manual, "Message Formats": StartupMessage, SSLRequest, CancelRequest.
"""

from redshank.core.kernel import lean_kernel
from redshank.flows.payload.bytes import number, starts
from redshank.flows.service import Bytes, Hint, Places, Records

MAYBE = Hint(proto=6, client=(b"\x00", b"\x00", None, None, b"\x00\x04", b"\x03\xd2"), server=b"", least=8)

_PORT = 5432
_VERSION_3, _SSL, _GSS = 196608, 80877103, 80877104
_LONGEST = 10_000
_ANSWERS = (82, 69, 78, 118)  # R: authentication, E: error, N: notice, v: other version
_ENCRYPTION = (83, 78, 71, 69)  # S, N, G, E


@lean_kernel
def _asks(data: Bytes, at: int, end: int) -> int:
    """Return what is asked for: 1 a session, 2 encryption, 0 if it is no PostgreSQL."""
    if end - at < 8:
        return 0
    length, code = number(data, at, 4), number(data, at + 4, 4)
    if length == 8 and code in (_SSL, _GSS):
        return 2
    named = code >> 16 == _VERSION_3 >> 16 and 8 < length <= _LONGEST and starts(data, at + 8, end, b"user\x00")
    return 1 if named else 0


@lean_kernel
def recognize(data: Bytes, streams: Records, which: Places, found: Bytes) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(which)):
        flow = streams[which[k]]
        asked = _asks(data, flow.client_at, flow.client_end)
        if flow.proto != 6 or asked == 0:
            continue
        if flow.server_at == flow.server_end:
            found[k] = flow.resp_port == _PORT
        elif asked == 1:
            found[k] = data[flow.server_at] in _ANSWERS
        else:
            found[k] = data[flow.server_at] in _ENCRYPTION
