"""The console on its socket.

In: an application and the section [console] of the settings. Out: pages, until Ctrl-C or SIGTERM. The one idea: what
crosses the network is bounded before it is looked at: headers, links at once, and how long a quiet one is kept.
Source: https://uvicorn.dev/settings/
"""

import ssl
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from redshank.config import Console
from redshank.console import place
from redshank.core.errors import ConfigError

MOST_HEADERS = 32_768
"""Bytes of a request's first line and headers."""
MOST_LINKS = 256
KEEP_S = 15
DRAIN_S = 5
"""How long what is being answered may still take at the end; streams are ended at once."""


def server(app: ASGIApp, settings: Console) -> uvicorn.Server:
    """Return what serves the console; `run` of it goes on until a signal or `should_exit`.

    Raises:
        ConfigError: If it may not listen where the settings say, or the certificate is none.
    """
    host, port = place.address(settings)
    if settings.certificate and settings.key:
        _check_certificate(settings)
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            http="h11",
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
        )
    )


def listen(settings: Console, work: Callable[[], None]) -> None:
    """Serve, and say in one line why the address cannot be had.

    Raises:
        ConfigError: If it cannot.
    """
    try:
        work()
    except OSError as error:
        raise ConfigError(
            f"console.listen: cannot listen at '{settings.listen}' ({error.strerror}); see who else "
            "does, or name another"
        ) from None


def _check_certificate(settings: Console) -> None:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(str(settings.certificate), str(settings.key))
    except (OSError, ssl.SSLError) as error:
        reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or "not in PEM form"
        raise ConfigError(
            f"console.certificate: '{settings.certificate}' and '{settings.key}' do not go together ({reason}); give a "
            "certificate and its key in PEM form, the key without a password"
        ) from None
