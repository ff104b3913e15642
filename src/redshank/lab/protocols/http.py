"""HTTP/1.1 messages: heads, bodies with a length, and chunks.

In: fields, or a stream. Out: bytes, or a message; malformed or oversized input gives None.
Source: RFC 9112.
"""

import asyncio
from dataclasses import dataclass

MAX_HEAD_BYTES = 16_384
MAX_BODY_BYTES = 1_048_576
REASONS = {
    200: "OK",
    201: "Created",
    302: "Found",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    500: "Internal Server Error",
}


@dataclass(frozen=True)
class Message:
    """A request or a response.

    Args:
        start: The three parts of the first line: method, target, version; or version, status, reason.
        headers: By lower-case name.
        body: Content.
    """

    start: tuple[str, str, str]
    headers: dict[str, str]
    body: bytes = b""

    @property
    def status(self) -> int:
        """Return a response's status, 0 if it has none."""
        return int(self.start[1]) if self.start[1].isdecimal() else 0

    @property
    def keep_alive(self) -> bool:
        """Tell whether the sender wants to go on with this stream."""
        return self.headers.get("connection", "keep-alive").lower() != "close"


def request(
    method: str, target: str, host: str, body: bytes = b"", *, agent: str = "redshank-lab", close: bool = True
) -> bytes:
    """Return a request's bytes.

    Example:
        >>> request("GET", "/", "hub").splitlines()[0]
        b'GET / HTTP/1.1'
    """
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", f"User-Agent: {agent}", "Accept: */*"]
    if body:
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    elif method in ("POST", "PUT"):
        lines.append("Content-Length: 0")
    lines.append(f"Connection: {'close' if close else 'keep-alive'}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def response(status: int, body: bytes = b"", *, kind: str = "text/html", extra: tuple[str, ...] = ()) -> bytes:
    """Return a response's bytes, with a Content-Length."""
    lines = [
        f"HTTP/1.1 {status} {REASONS[status]}",
        "Server: redshank-lab",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *extra,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def parse_head(data: bytes) -> Message | None:
    """Return the message whose head, up to the empty line, is `data`; None if it is none."""
    lines = data.decode("latin-1").split("\r\n")
    start = lines[0].split(" ", 2)
    if len(start) != 3 or not all(start):
        return None
    headers = {}
    for line in lines[1:]:
        if not line:
            break
        name, colon, value = line.partition(":")
        if not colon or not name:
            return None
        headers[name.lower()] = value.strip()
    return Message((start[0], start[1], start[2]), headers)


async def read(reader: asyncio.StreamReader) -> Message | None:
    """Read one message with its body; None at the end of the stream, or if it is malformed or too long."""
    try:
        data = await reader.readuntil(b"\r\n\r\n")
        if len(data) > MAX_HEAD_BYTES:
            return None
        head = parse_head(data)
        if head is None:
            return None
        length = head.headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal() or int(length) > MAX_BODY_BYTES:
            return None
        return Message(head.start, head.headers, await reader.readexactly(int(length)))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        return None
