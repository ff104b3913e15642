"""What DHCP clients keep of their leases: the server that gave it, gateways, resolvers.

In: text that dhclient, systemd-networkd or NetworkManager writes, or the server's answer that dhcpcd keeps as it came.
Out: addresses, each with the reason why it is protected. The one idea: every client is read by what it surely writes;
what is no lease gives nothing.

NetworkManager's own client keeps the lease's options in the state of the device; the file of the lease has its address
alone. A client that keeps no file (udhcpc) gives nothing, and no client keeps the address of a DHCPv6 server, which
nearly always is a link-local one.
Source: dhclient.leases(5); systemd-networkd's leases (sd-network); NetworkManager's own tests, which look for
`dhcp4.dhcp_server_identifier` in /run/NetworkManager/devices; dhcpcd(8), FILES; RFC 951 and 2131 (message), 2132
(options).
"""

import ipaddress
import re
from collections.abc import Iterator

Facts = Iterator[tuple[str, str]]

TEXTS = (
    "run/systemd/netif/leases/*",
    "var/lib/dhcp/*.lease*",
    "var/lib/dhclient/*.lease*",
    "var/lib/NetworkManager/*.lease*",
    "run/NetworkManager/devices/*",
)
MESSAGES = ("var/lib/dhcpcd*/*.lease", "var/db/dhcpcd*/*.lease")
"""Of dhcpcd, as Debian and as its authors place them."""
SERVER, GATEWAY, RESOLVER = "DHCP server", "gateway", "DNS server"

_LEASE = re.compile(
    r"""^\s*(?:option\s+|dhcp[46]\.)?(?P<key>dhcp-server-identifier|domain-name-servers|dhcp6\.name-servers|routers
    |SERVER_ADDRESS|ROUTER|DNS|dhcp_server_identifier|domain_name_servers|dhcp6_name_servers)[\s=]+(?P<value>[^;\n]+)""",
    re.MULTILINE | re.VERBOSE,
)
_REASONS = {
    "dhcp-server-identifier": SERVER,
    "dhcp_server_identifier": SERVER,
    "SERVER_ADDRESS": SERVER,
    "routers": GATEWAY,
    "ROUTER": GATEWAY,
}
_COOKIE_AT, _COOKIE = 236, b"\x63\x82\x53\x63"
_PAD, _END = 0, 255
_OPTIONS = {3: GATEWAY, 6: RESOLVER, 54: SERVER}


def servers(text: str) -> Facts:
    """Give servers, gateways and resolvers of a lease that is kept as text."""
    for found in _LEASE.finditer(text):
        reason = _REASONS.get(found["key"], RESOLVER)
        for server in re.split(r"[\s,]+", found["value"].strip()):
            yield server.strip("'\""), reason


def message(packet: bytes) -> Facts:
    """Give servers, gateways and resolvers of a lease that is kept as the DHCP message of the server."""
    if packet[_COOKIE_AT : _COOKIE_AT + 4] != _COOKIE:
        return
    at = _COOKIE_AT + 4
    while at + 1 < len(packet) and packet[at] != _END:
        if packet[at] == _PAD:
            at += 1
            continue
        value = packet[at + 2 : at + 2 + packet[at + 1]]
        if reason := _OPTIONS.get(packet[at]):
            for first in range(0, len(value) - 3, 4):
                yield str(ipaddress.IPv4Address(value[first : first + 4])), reason
        at += 2 + packet[at + 1]
