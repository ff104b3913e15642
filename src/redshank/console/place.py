"""Where the console may be had, and by what names.

In: the section [console] of the settings. Out: an address and a port; the names that a browser may call it by. The one
idea: a password must not cross a network in the clear, so an address that others can reach takes a certificate, or a
proxy in front that has one and is named.
"""

import ipaddress
import re

from redshank.config import Console
from redshank.core.errors import ConfigError

LOCAL = ("localhost", "127.0.0.1", "::1")
_PLACE = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z.-]+)):(\d{1,5})")


def address(settings: Console) -> tuple[str, int]:
    """Return where to listen.

    Raises:
        ConfigError: If it is no place, or one that others can reach without TLS; everything at once.
    """
    found = _PLACE.fullmatch(settings.listen)
    port = int(found[3]) if found else 65_536
    if not found or port > 65_535:
        raise ConfigError(
            f"console.listen: {settings.listen[:80]!r} is no address and port; give one as in '127.0.0.1:8477'"
        )
    host = found[1] or found[2]
    problems = []
    if bool(settings.certificate) != bool(settings.key):
        missing = "key" if settings.certificate else "certificate"
        problems.append(f"console.{missing}: nothing given; TLS needs both, certificate and key")
    for name in ("certificate", "key"):
        path = getattr(settings, name)
        if path and not path.is_file():
            problems.append(f"console.{name}: no file '{path}'; name one in PEM form")
    if not is_local(host) and not settings.certificate and not settings.behind_proxy:
        problems.append(
            f"console.listen: others can reach '{host}', and passwords would cross the network in the clear; set "
            "console.certificate and console.key, or console.behind_proxy if a proxy in front has TLS"
        )
    if (not is_local(host) or settings.behind_proxy) and not settings.hosts:
        problems.append(
            "console.hosts: nothing given; name what people type into the browser, for example ['redshank.example']"
        )
    for one in settings.proxies:
        try:
            ipaddress.ip_network(one, strict=False)
        except ValueError:
            problems.append(f"console.proxies: '{one[:60]}' is no address or network; give one as in '10.0.0.2'")
    if problems:
        raise ConfigError(problems)
    return host, port


def names(settings: Console) -> set[str]:
    """Return the names by which a browser may call the console, in lower case, without port."""
    found = _PLACE.fullmatch(settings.listen)
    own = {found[1] or found[2]} if found else set()
    return {name.lower() for name in (*LOCAL, *own, *settings.hosts)}


def is_local(host: str) -> bool:
    """Tell whether only this machine can reach an address.

    Example:
        >>> is_local("127.0.0.1"), is_local("::1"), is_local("0.0.0.0"), is_local("gateway.example")
        (True, True, False, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def secure(settings: Console) -> bool:
    """Tell whether browsers come over TLS."""
    return settings.certificate is not None or settings.behind_proxy
