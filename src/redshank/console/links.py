"""Links to the console, so many from each address and no more.

In: a socket that listens. Out: its links. The one idea: one too many is cut off as it is accepted, before anything is
spent on it: a link that says nothing holds a descriptor for as long as TLS waits for it, and a place among all links.
"""

import socket
from collections import Counter
from collections.abc import Iterable
from errno import ECONNABORTED
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

MOST_EACH = 128
"""Of one address, or of one network of 64 bits of IPv6, which one machine has whole: a page has two or three."""


def home(host: str) -> str:
    """Return what stands for all addresses that one machine may have beside this one.

    Example:
        >>> home("2001:db8::7"), home("::ffff:192.0.2.1"), home("what a proxy may say")
        ('2001:db8::/64', '192.0.2.1', 'what a proxy may say')
    """
    try:
        found = _address(host)
    except ValueError:
        return host
    return str(found) if found.version == 4 else str(ip_network((int(found) >> 64 << 64, 64)))


class Listening(socket.socket):
    """A socket whose links are counted by where they come from.

    Args:
        family, kind, protocol: Of the socket, as `getaddrinfo` gives them.
        proxies: Addresses and networks of proxies, which bound their clients themselves: not counted.
    """

    def __init__(self, family: int, kind: int, protocol: int, proxies: Iterable[str] = ()) -> None:
        super().__init__(family, kind, protocol)
        self._proxies = [ip_network(one, strict=False) for one in proxies]
        self._held: Counter[str] = Counter()

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next link, and the address that it comes from.

        Raises:
            ConnectionAbortedError: If it was one too many, and is gone; a server goes on with the next.
        """
        link, address = super().accept()
        home = self._home(address[0])
        if home and self._held[home] >= MOST_EACH:
            link.close()
            raise ConnectionAbortedError(ECONNABORTED, f"{home} holds {MOST_EACH} links already")
        self._held[home] += 1
        return _Link(link, self._held, home), address

    def _home(self, host: str) -> str:
        """Return whom a link counts for; "" for a proxy."""
        found = _address(host)
        return "" if any(found in one for one in self._proxies) else home(host)


class _Link(socket.socket):
    """A link that counts until it is closed."""

    def __init__(self, link: socket.socket, held: Counter[str], home: str) -> None:
        super().__init__(link.family, link.type, link.proto, link.detach())
        self._held, self._home = held, home
        self._counts = True

    def close(self) -> None:
        if self._counts:
            self._counts = False
            self._held[self._home] -= 1
            if not self._held[self._home]:
                del self._held[self._home]
        super().close()


def _address(host: str) -> IPv4Address | IPv6Address:
    found = ip_address(host.partition("%")[0])
    return found.ipv4_mapped or found if found.version == 6 else found
