"""A small web server that shows the metrics to Prometheus, and to whoever asks whether all is well.

In: `Metrics`, an address and port, and a question that says whether all is well. Out: GET /metrics in Prometheus' text
format; GET /healthz, with status 200 "ok" or 503 and why. The one idea: whoever asks can cost little. There are at most
so many links at once, each answers one request of bounded size, and is ended after some seconds whatever its other side
does. Nothing that is asked changes anything, so nobody has to log in; by default only this machine can ask.
Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

import re
import socket
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Self

from prometheus_client import CONTENT_TYPE_LATEST

from redshank.core.errors import ConfigError
from redshank.core.metrics import Metrics

MOST_LINKS = 16
LONGEST_S = 10.0
LOOK_S = 0.2
_PLACE = re.compile(r"\[([0-9A-Fa-f:.%a-z]+)\]:(\d{1,5})|([0-9A-Za-z.-]*):(\d{1,5})")


def address(place: str) -> tuple[str, int]:
    """Return where a server would be.

    Raises:
        ConfigError: If the place is none.

    Example:
        >>> address("[::1]:9477")
        ('::1', 9477)
    """
    found = _PLACE.fullmatch(place)
    host, port = (found[1] or found[3] or "", int(found[2] or found[4])) if found else ("", 65_536)
    if port > 65_535:
        raise ConfigError(f"service.metrics: {place[:80]!r} is no address and port; give one as in '127.0.0.1:9477'")
    return host, port


def may_be_had(place: str) -> None:
    """Make sure that a server could listen at a place; who only looks is in nobody's way.

    Raises:
        ConfigError: If the place is none, or cannot be had.
    """
    _server(place, BaseHTTPRequestHandler, listens=False).server_close()


class MetricsServer:
    r"""Answers from the time it is made until `close`.

    Args:
        metrics: What to show.
        place: Address and port, as in "127.0.0.1:9477" or "[::1]:9477"; port 0: the system chooses.
        problem: Asked at /healthz: says in a line what is wrong, or returns "".

    Raises:
        ConfigError: If the place is none, or cannot be had.

    Example:
        >>> import httpx
        >>> with MetricsServer(Metrics(), "127.0.0.1:0") as server:
        ...     httpx.get(f"http://127.0.0.1:{server.port}/healthz", trust_env=False).text
        'ok\n'
    """

    def __init__(self, metrics: Metrics, place: str, problem: Callable[[], str] = lambda: "") -> None:
        self._server = _server(place, _asked(metrics, problem))
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(LOOK_S,), name="metrics", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        """Return the server."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.close()

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _server(place: str, asked: type[BaseHTTPRequestHandler], *, listens: bool = True) -> "_Server":
    host, port = address(place)
    try:
        return _Server(host, port, asked, listens=listens)
    except OSError as error:
        raise ConfigError(
            f"service.metrics: cannot listen at '{place}' ({error.strerror}); see who else does, or name another"
        ) from None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, host: str, port: int, asked: type[BaseHTTPRequestHandler], *, listens: bool) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._since: dict[socket.socket, float] = {}
        self._lock = threading.Lock()
        super().__init__((host, port), asked, bind_and_activate=listens)
        if not listens:
            try:
                self.server_bind()
            except OSError:
                self.socket.close()
                raise

    def server_bind(self) -> None:
        # Without the name of this machine, which others may have to be asked for.
        TCPServer.server_bind(self)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ANN401  as socketserver has them
        del client_address
        with self._lock:
            if len(self._since) >= MOST_LINKS:
                return False
            self._since[request] = time.monotonic()
        return True

    def shutdown_request(self, request: Any) -> None:  # noqa: ANN401  as above
        with self._lock:
            self._since.pop(request, None)
        super().shutdown_request(request)

    def service_actions(self) -> None:
        self._end(time.monotonic() - LONGEST_S)

    def server_close(self) -> None:
        super().server_close()
        self._end(time.monotonic())

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  as above
        """Say nothing: whoever asks may go away at any moment."""

    def _end(self, before: float) -> None:
        with self._lock:
            for link, since in self._since.items():
                if since <= before:
                    try:
                        link.shutdown(socket.SHUT_RDWR)
                    except OSError:
                        continue  # it ended by itself


def _asked(metrics: Metrics, problem: Callable[[], str]) -> type[BaseHTTPRequestHandler]:
    class Asked(BaseHTTPRequestHandler):
        server_version, sys_version = "redshank", ""
        timeout = LONGEST_S

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path == "/metrics":
                self._answer(200, metrics.text(), CONTENT_TYPE_LATEST)
            elif path == "/healthz":
                wrong = problem()
                self._answer(503 if wrong else 200, f"{wrong or 'ok'}\n", "text/plain; charset=utf-8")
            else:
                self._answer(404, "there are /metrics and /healthz\n", "text/plain; charset=utf-8")

        do_HEAD = do_GET  # noqa: N815  as above

        def log_message(self, *_: object) -> None:
            """Log nothing: what was asked comes from the wire."""

        def _answer(self, status: int, text: str, kind: str) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("X-Content-Type-Options", "nosniff")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

    return Asked
