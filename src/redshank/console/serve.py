"""The console on its socket.

In: an application and the section [console] of the settings. Out: pages, until Ctrl-C or SIGTERM. The one idea: what
crosses the network is bounded before it is looked at: headers, links at once (`links.py` bounds those of each address),
and how long one is kept that says nothing, or takes nothing of what it asked for.
Source: https://uvicorn.dev/settings/
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from redshank.config import Console
from redshank.console import place
from redshank.console.links import Listening
from redshank.console.live import Live
from redshank.core.errors import ConfigError

MOST_HEADERS = 32_768
"""Bytes of a request's first line and headers."""
MOST_LINKS = 512
BACKLOG = 128
HEAD_S = 15.0
"""How long the first line and the headers may take to come."""
SEND_S = 30.0
"""How long the other side may take nothing of an answer that waits for it."""
KEEP_S = 15
DRAIN_S = 5
"""How long what is being answered may still take at the end; streams are ended at once."""


class _Patient(H11Protocol):
    """A link whose other side must say what it wants in `HEAD_S`, each time that it begins to, and take what comes."""

    _late: asyncio.TimerHandle | None = None
    _untaken: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the library has it
        # Writing is paused as soon as anything waits, so that the last of an answer does not wait for ever either.
        transport.set_write_buffer_limits(high=1, low=0)
        super().connection_made(transport)
        self._wait()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unwatch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._wait()
        elif self._late:
            self._late.cancel()
            self._late = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._late:
            self._late.cancel()
        self._unwatch()
        super().connection_lost(exc)

    def _wait(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(HEAD_S, self.transport.close)

    def _watch(self) -> None:
        self._untaken = self.loop.call_later(SEND_S, self._look, self.transport.get_write_buffer_size())

    def _look(self, before: int) -> None:
        if self.transport.get_write_buffer_size() < before:
            self._watch()
        else:
            self.transport.abort()

    def _unwatch(self) -> None:
        if self._untaken:
            self._untaken.cancel()
            self._untaken = None


class Served(uvicorn.Server):
    """A server that a signal ends as it should: streams are told, and the program goes on after `run`.

    Args:
        config: How to serve.
        live: Whose streams end.
    """

    def __init__(self, config: uvicorn.Config, live: Live) -> None:
        super().__init__(config)
        self._live = live

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM ask for the end, and nothing more: the library would send them again afterwards."""
        with super().capture_signals():
            yield
            self._captured_signals.clear()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, which have no end of their own, then everything else."""
        self._live.end()
        await super().shutdown(sockets)


def server(app: FastAPI, settings: Console) -> Served:
    """Return what serves the console: `run(sockets=[listening(settings)])` goes on until a signal or `should_exit`.

    Raises:
        ConfigError: If it may not listen where the settings say, or the certificate is none.
    """
    place.address(settings)
    if settings.certificate and settings.key:
        _check_certificate(settings)
    # A fault is in the log already, with its number; and who begins or ends is told by the command.
    logging.getLogger("uvicorn.error").addFilter(_no_fault)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return Served(
        uvicorn.Config(
            app,
            http=_Patient,
            ws="none",
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=settings.behind_proxy,
            forwarded_allow_ips=list(settings.proxies),
            limit_concurrency=MOST_LINKS,
            h11_max_incomplete_event_size=MOST_HEADERS,
            timeout_keep_alive=KEEP_S,
            timeout_graceful_shutdown=DRAIN_S,
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.key,
        ),
        app.state.live,
    )


def listening(settings: Console) -> Listening:
    """Return the socket on which the console is to be had.

    Raises:
        ConfigError: If it may not listen there, or cannot.
    """
    host, port = place.address(settings)
    try:
        family, kind, protocol, _, found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise _cannot(settings, error) from None
    # With its protocol named: only of such links asyncio sends a last part at once, and not after 40 ms.
    link = Listening(family, kind, protocol, settings.proxies if settings.behind_proxy else ())
    try:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        link.bind(found)
        link.listen(BACKLOG)
    except OSError as error:
        link.close()
        raise _cannot(settings, error) from None
    return link


def _cannot(settings: Console, error: OSError) -> ConfigError:
    return ConfigError(
        f"console.listen: cannot listen at '{settings.listen}' ({error.strerror}); see who else does, or name another"
    )


def _no_fault(record: logging.LogRecord) -> bool:
    return record.exc_info is None


def _check_certificate(settings: Console) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            str(settings.certificate), str(settings.key), password=lambda: b""
        )
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "not in PEM form"
        raise ConfigError(
            f"console.certificate: '{settings.certificate}' and '{settings.key}' do not go together ({reason}); give a "
            "certificate and its key in PEM form, the key without a password"
        ) from None
