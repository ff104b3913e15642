"""One spelling for whatever can be acted on: an IP address or a link-layer address.

In: text, from an alert, a person or the kernel. Out: its canonical form, in which two spellings of one address are
equal. The one idea: what cannot be read in exactly one way is refused, so that no spelling of a protected address gets
past a comparison: an IPv4 address inside an IPv6 one is that IPv4 address, a zone is dropped, leading zeros (octal to
some programs, decimal to others) are no address.
Source: RFC 4291 2.5.5 (IPv4 in IPv6), RFC 5952 (spelling), RFC 4007 11 (zones), RFC 6052 (64:ff9b::/96), RFC 3056
(2002::/16), RFC 4380 (Teredo).
"""

import ipaddress
import re
from collections.abc import Iterator

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LONGEST = 64
"""Characters of any address; an IPv6 address with a zone has at most 55."""

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}|[0-9a-f]{2}(-[0-9a-f]{2}){5}|[0-9a-f]{4}(\.[0-9a-f]{4}){2}")
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_LAST_32 = 0xFFFF_FFFF
# ::1 and its like are addresses of their own, not IPv4 0.0.0.1.
_FIRST_COMPATIBLE = 0x1_0000


def canonical(text: str) -> str:
    """Return the one spelling of an address.

    Raises:
        ValueError: If it is neither an IP address nor a MAC, or can be read in two ways.

    Example:
        >>> canonical("::FFFF:10.0.0.1"), canonical("FE80::1%eth0"), canonical("02-00-5E-10-00-0A")
        ('10.0.0.1', 'fe80::1', '02:00:5e:10:00:0a')
    """
    if len(text) <= LONGEST and (found := _MAC.fullmatch(text.lower())):
        digits = re.sub("[^0-9a-f]", "", found[0])
        return ":".join(digits[at : at + 2] for at in range(0, 12, 2))
    return str(address(text))


def address(text: str) -> IP:
    """Return the IP address, without its zone, and as IPv4 if it is one inside IPv6.

    Raises:
        ValueError: If it is none, or can be read in two ways.
    """
    try:
        found = ipaddress.ip_address(text[: LONGEST + 1])
    except ValueError:
        raise ValueError(f"{text[:LONGEST]!r} is neither an IP address nor a MAC like 02:00:5e:10:00:01") from None
    if isinstance(found, ipaddress.IPv6Address):
        return found.ipv4_mapped or ipaddress.IPv6Address(int(found))
    return found


def network(text: str) -> Network:
    """Return the network, or the address as a network of one; an IPv4 network inside IPv6 as IPv4.

    Raises:
        ValueError: If it is none.

    Example:
        >>> network("::ffff:10.0.0.0/120")
        IPv4Network('10.0.0.0/24')
    """
    try:
        found = ipaddress.ip_network(text[: LONGEST + 1], strict=False)
    except ValueError:
        raise ValueError(f"{text[:LONGEST]!r} is no IP address or network like 10.0.0.0/24") from None
    if isinstance(found, ipaddress.IPv6Network):
        mapped = found.network_address.ipv4_mapped
        if mapped is not None and found.prefixlen >= 96:
            return ipaddress.IPv4Network((int(mapped), found.prefixlen - 96))
        return ipaddress.IPv6Network((int(found.network_address), found.prefixlen))
    return found


def is_mac(target: str) -> bool:
    """Tell whether a canonical address is a link-layer address."""
    return target.count(":") == 5 and "::" not in target and len(target) == 17


def carried(found: IP) -> Iterator[IP]:
    """Give the address, and every IPv4 address that it carries for a translator or a tunnel."""
    yield found
    if isinstance(found, ipaddress.IPv4Address):
        return
    if found.sixtofour is not None:
        yield found.sixtofour
    if found.teredo is not None:
        yield from found.teredo
    low = int(found) & _LAST_32
    if found in _TRANSLATED or (found in _COMPATIBLE and low >= _FIRST_COMPATIBLE):
        yield ipaddress.IPv4Address(low)
