"""TLS and SSL over TCP: a client's hello and the answer of its server, from the start or after an upgrade.

Both sides must have been heard. After STARTTLS, CONNECT and the like the same flow speaks this too, if the hellos are
among the first bytes. The side that says the hello is the client, whoever opened the flow.
The fields are those of Zeek's ssl.log; a session is established when both sides sent encrypted handshakes, or the
client, who says nothing more before that, application data; it is null where the server's part was not captured so far.
The fingerprints of the client are JA3 and JA4. Without a server's choice, ALPN is the client's first offer.
Source: RFC 8446, RFC 5246 and RFC 5077; Zeek's manual, ssl.log, for what counts as resumed.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from redshank.core.kernel import kernel, lean_kernel
from redshank.flows.bytes import number, starts
from redshank.flows.ja import ja3, ja4
from redshank.flows.rooms import each
from redshank.flows.service import NONE, Hint
from redshank.flows.tls_client import ROOM, read_client
from redshank.flows.tls_fingerprint import LONGEST
from redshank.flows.tls_names import group_name, suite_name, version_name
from redshank.flows.tls_records import (
    CLIENT_HELLO,
    CLIENT_KEY,
    HANDSHAKE,
    SERVER_HELLO,
    gather,
    hello_at,
    old_hello,
    refuses,
)
from redshank.flows.tls_server import VERSION, read_server
from redshank.flows.x509 import name_text

__all__ = ["FIELDS", "MAYBE", "ROOM", "finish", "read", "recognize"]

MAYBE = Hint(proto=6)
FIELDS = {
    "name": "text",
    "alpn": "text",
    "ja3": "bytes",
    "ja4": "bytes",
    "ja4_ciphers": "bytes",
    "ja4_rest": "bytes",
    "subject": "bytes",
    "issuer": "bytes",
    "version": "number",
    "suite": "number",
    "group": "number",
    "resumed": "flag",
    "established": "flag",
}
_RESUMED, _ESTABLISHED = 3, 4
_TLS13 = 0x0304
_T = 116


@lean_kernel
def _client(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    if starts(data, at, end, b"GET ") or starts(data, at, end, b"POST "):
        return False  # HTTP is upgraded by CONNECT; most of what is not TLS need not be searched
    return old_hello(data, at, end) or hello_at(data, at, end, CLIENT_HELLO) >= 0


@lean_kernel
def _server(data: npt.NDArray[np.uint8], at: int, end: int) -> bool:
    return refuses(data, at, end) or hello_at(data, at, end, SERVER_HELLO) >= 0


@lean_kernel
def recognize(data: npt.NDArray[np.uint8], streams: npt.NDArray[Any], found: npt.NDArray[np.uint8]) -> None:
    """Look at flows; see service.Recognize."""
    for k in range(len(streams)):
        one = streams[k]
        if one.proto != 6 or one.client_end - one.client_at < 6 or one.server_end - one.server_at < 6:
            continue
        if _client(data, one.client_at, one.client_end):
            found[k] = _server(data, one.server_at, one.server_end)
        elif data[one.server_at] == 22 and data[one.client_at] == 22:
            found[k] = _client(data, one.server_at, one.server_end) and _server(data, one.client_at, one.client_end)


@lean_kernel
def _sends_key(data: npt.NDArray[np.uint8], end: int) -> bool:
    """Tell whether a client's handshake has a ClientKeyExchange."""
    at = 0
    for _ in range(16):
        if at + 4 > end:
            break
        if data[at] == CLIENT_KEY:
            return True
        at += 4 + number(data, at + 1, 3)
    return False


@lean_kernel
def _same(data: npt.NDArray[np.uint8], at: int, other: npt.NDArray[np.uint8], place: int, size: int) -> bool:
    """Tell whether two session ids are the same, and are ids."""
    some = 0
    for k in range(size):
        some |= data[at + k]
        if data[at + k] != other[place + k]:
            return False
    return some != 0


@lean_kernel
def _read(
    data: npt.NDArray[np.uint8],
    one: Any,  # noqa: ANN401  one STREAM record
    numbers: npt.NDArray[np.int64],
    spans: npt.NDArray[np.int64],
    row: npt.NDArray[np.uint8],
    asked: npt.NDArray[np.uint8],
    answered: npt.NDArray[np.uint8],
    codes: npt.NDArray[np.int64],
) -> None:
    at, end, other, other_end = one.client_at, one.client_end, one.server_at, one.server_end
    if not _client(data, at, end):
        at, end, other, other_end = other, other_end, at, end
    place, session, session_size, ticket, offered = 0, 0, 0, 0, 0
    hello = hello_at(data, at, end, CLIENT_HELLO)
    length, changed, sealed, applied = 0, 0, 0, 0
    if hello >= 0:
        length, changed, sealed, applied = gather(data, hello, end, asked)
        length = length if length >= 0 else -length - 1
        place, session, session_size, ticket, offered = read_client(asked, length, _T, row, spans, codes)
    hello = hello_at(data, other, other_end, SERVER_HELLO)
    if hello < 0:
        numbers[_RESUMED], numbers[_ESTABLISHED] = 0, 0
        return
    size, server_changed, server_sealed, server_applied = gather(data, hello, other_end, answered)
    cut = size < 0
    size = size if size >= 0 else -size - 1
    echo, echo_size, taken = read_server(answered, size, row, spans, place, numbers)
    version = numbers[VERSION]
    resumed, established = False, False
    if version == _TLS13 or version >> 8 == 0x7F:
        resumed = offered == 1 and taken == 1
        established = applied > 0 and server_applied > 0
        cut = cut and applied > 0
    else:
        resumed = 0 < session_size == echo_size and _same(asked, session, answered, echo, session_size)
        resumed |= session_size == 0 and ticket == 1 and changed > 0 and not _sends_key(asked, length)
        established = changed > 0 and (applied > 0 or (sealed > 0 and server_changed > 0 and server_sealed > 0))
        cut = cut and changed > 0
    numbers[_RESUMED] = resumed
    numbers[_ESTABLISHED] = 1 if established else NONE if cut else 0


@kernel
def read(
    data: npt.NDArray[np.uint8],
    streams: npt.NDArray[Any],
    numbers: npt.NDArray[np.int64],
    spans: npt.NDArray[np.int64],
    room: npt.NDArray[np.uint8],
) -> None:
    """Read the handshakes; see service.Read."""
    asked, answered = np.empty(HANDSHAKE, np.uint8), np.empty(HANDSHAKE, np.uint8)
    codes = np.empty(LONGEST, np.int64)
    for k in range(len(streams)):
        _read(data, streams[k], numbers[k], spans[k], room[k], asked, answered, codes)


def finish(columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Name what TLS numbers, hash fingerprints and write names of certificates."""
    return {
        "ssl_server_name": columns["name"],
        "ssl_alpn": columns["alpn"],
        "ssl_ja3": ja3(columns["ja3"]),
        "ssl_ja4": ja4(columns["ja4"], columns["ja4_ciphers"], columns["ja4_rest"]),
        "ssl_subject": each(columns["subject"], name_text),
        "ssl_issuer": each(columns["issuer"], name_text),
        "ssl_version": each(columns["version"], version_name),
        "ssl_cipher": each(columns["suite"], suite_name),
        "ssl_curve": each(columns["group"], group_name),
        "ssl_resumed": columns["resumed"],
        "ssl_established": columns["established"],
    }
