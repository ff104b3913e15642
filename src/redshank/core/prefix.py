"""Addresses as numbers, so that a network is the first bits of its addresses.

In: text. Out: a number, or its first bits. The one idea: an IPv4 address stands in the first 32 of 128 bits behind a
mark, so that the same shift gives the prefix of either kind and no IPv4 network equals one of IPv6.
"""

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_network

BITS = 128
_NETWORK = re.compile(r"[0-9A-Fa-f]*[.:][0-9A-Fa-f.:]*/.*")


def bits(text: str) -> int | None:
    """Return an address as a number; None if it is none (a log of another tool may say anything).

    Example:
        >>> first(bits("10.0.0.66"), 24) == network("10.0.0.0/24")[0]
        True
        >>> bits("camera")
    """
    try:
        if ":" in text:
            return int.from_bytes(socket.inet_pton(socket.AF_INET6, text))
        return 1 << BITS | int.from_bytes(socket.inet_pton(socket.AF_INET, text)) << (BITS - 32)
    except (OSError, ValueError):
        return None


def first(number: int, length: int) -> int:
    """Return the first `length` bits of an address, 1 to 32 or 128, that `bits` gave."""
    return number >> (BITS - length)


def network(text: str) -> tuple[int, int]:
    """Return the first bits of a network or address, and how many they are.

    Raises:
        ValueError: If it is neither.
    """
    found = ip_network(text, strict=False)
    number = bits(str(found.network_address))
    assert number is not None
    return first(number, found.prefixlen), found.prefixlen


def meant_as_network(text: str) -> bool:
    """Tell whether somebody who wrote this meant a network, right or wrong.

    Example:
        >>> [meant_as_network(text) for text in ("10.0.0.0/24", "2001:db8::/129", "10.0.0.5", "tcp/23")]
        [True, True, False, False]
    """
    return _NETWORK.fullmatch(text) is not None


def within(text: str, networks: Iterable[tuple[int, int]]) -> bool:
    """Tell whether an address is in one of some networks that `network` gave; what is no address is in none.

    Example:
        >>> within("10.0.0.66", [network("10.0.0.0/24")]), within("camera", [network("::/0")])
        (True, False)
    """
    number = bits(text)
    return number is not None and any(first(number, length) == begins for begins, length in networks)
