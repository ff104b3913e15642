"""What every request and every answer must keep to, before anybody looks at what it wants.

In: an ASGI application. Out: one that is asked only under its own name, over TLS where it is to be had so, with a
bounded body that came in time, and whose answers tell the browser how little it may do with them. The one idea: the
body is read whole here, so that what lies below is plain functions, and nobody holds one of them by sending slowly.
Source: https://asgi.readthedocs.io/en/latest/specs/www.html; https://owasp.org/www-project-secure-headers/
"""

from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager, contextmanager

import anyio
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from redshank.console.links import home
from redshank.console.request_error import RequestError

MOST_BODY = 1_048_576
"""Bytes of a body: a form with every alert of a page is some KiB."""
BODY_S = 15.0
"""How long a body may take to come."""
MOST_BODIES = 32
"""Bodies that may be on their way from one address, also through a proxy, whose links nobody counts."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'none'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
FOREVER = "public, max-age=31536000, immutable"
STRICT_TRANSPORT = "max-age=31536000"
PLAIN = (
    "This console is to be had over TLS alone, through the proxy in front of it: open it by its https address. Who "
    "runs it: the proxy must be in console.proxies, and say 'X-Forwarded-Proto: https'."
)


def protect(headers: MutableHeaders, scheme: str) -> None:
    """Add to an answer what tells the browser how little it may do with it."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if scheme == "https":
        headers["strict-transport-security"] = STRICT_TRANSPORT


class Limits:
    """The outermost of the application.

    Args:
        app: What answers.
        hosts: The names under which it may be asked for, without port, in lower case.
        plain: What alone may be asked for without TLS: the beginnings of paths; everything if absent.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], plain: tuple[str, ...] | None = None) -> None:
        self._app, self._hosts, self._plain = app, frozenset(hosts), plain
        self._coming: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008})
            return

        async def protecting(message: Message) -> None:
            if message["type"] == "http.response.start":
                protect(MutableHeaders(scope=message), scope["scheme"])
            await send(message)

        headers = Headers(scope=scope)
        try:
            self._check_host(headers.getlist("host"))
            self._check_tls(scope)
            body = await _body(headers, receive, self._counted(scope))
        except RequestError as refusal:
            scope["redshank.refusal"] = refusal
            body = b""
        scope["redshank.body"] = body
        await self._app(scope, _replayed(body, receive), protecting)

    @contextmanager
    def _counted(self, scope: Scope) -> Iterator[None]:
        """Count a body while it comes, by where it comes from."""
        who = home(scope["client"][0]) if scope.get("client") else ""
        if self._coming[who] >= MOST_BODIES:
            raise RequestError(503, "Too much is being sent from your address at once; send it again.")
        self._coming[who] += 1
        try:
            yield
        finally:
            self._coming[who] -= 1
            if not self._coming[who]:
                del self._coming[who]

    def _check_tls(self, scope: Scope) -> None:
        if self._plain is not None and scope["scheme"] != "https" and not scope["path"].startswith(self._plain):
            raise RequestError(421, PLAIN)

    def _check_host(self, given: list[str]) -> None:
        name = host_name(given[0]) if len(given) == 1 else ""
        if name not in self._hosts:
            raise RequestError(421, "This console is not called that; ask for it by its own name (console.hosts).")


def host_name(given: str) -> str:
    """Return the name in a Host header, without the port.

    Example:
        >>> host_name("Localhost:8477"), host_name("[::1]:8477")
        ('localhost', '::1')
    """
    if given.startswith("["):
        return given[1:].partition("]")[0].lower()
    return given.partition(":")[0].lower()


async def _body(headers: Headers, receive: Receive, counted: AbstractContextManager[None]) -> bytes:
    too_much = RequestError(413, f"What was sent is too much; {MOST_BODY // 1024} KiB are the most.")
    length = headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > MOST_BODY:
        raise too_much
    if length == "0" and "transfer-encoding" not in headers:
        return b""
    parts: list[bytes] = []
    with counted, anyio.move_on_after(BODY_S):
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                break
            parts.append(message.get("body", b""))
            if sum(map(len, parts)) > MOST_BODY:
                raise too_much
            if not message.get("more_body", False):
                return b"".join(parts)
    raise RequestError(408, "What was sent did not come whole in time; send it again.")


def _replayed(body: bytes, receive: Receive) -> Receive:
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again
