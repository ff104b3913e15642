"""What DHCP clients keep of their leases: the server that gave it, gateways, resolvers.

In: text that dhclient, systemd-networkd, NetworkManager or a script of udhcpc writes, or the server's answer that
dhcpcd keeps as it came. Out: addresses, each with the reason why it is protected. The one idea: every client is read by
what it surely writes; what is no lease gives nothing.

NetworkManager's own client keeps the lease's options in the state of the device; the file of the lease has its address
alone. udhcpc keeps no file, but hands the lease to a script, which can (docs/how-to/respond-safely.md has it). Of a
DHCPv6 server clients keep the identifier, not the address, which nearly always is a link-local one and protected as
such; most identifiers are made of a link-layer address, which is what is isolated, so that is protected.
systemd-networkd keeps nothing of it.

Answers of DHCP servers on the wire are not read for this: anybody can send one, and who did would be protected from
every action by that one packet. What a client keeps, this machine has accepted: whoever forged that answer has its
traffic already, and to block him or not is no longer what matters most.
Source: dhclient.leases(5); systemd-networkd's leases (sd-network); NetworkManager's own tests, which look for
`dhcp4.dhcp_server_identifier` in /run/NetworkManager/devices; dhcpcd(8), FILES; the variables of udhcpc's script
(busybox, dhcpc.c); RFC 951 and 2131 (message), 2132 (options), 8415 (DHCPv6: messages, identifiers), 3646 (its name
servers).
"""

import ipaddress
import re
import struct
from collections.abc import Iterator

Facts = Iterator[tuple[str, str]]

TEXTS = (
    "run/systemd/netif/leases/*",
    "var/lib/dhcp/*.lease*",
    "var/lib/dhclient/*.lease*",
    "var/lib/NetworkManager/*.lease*",
    "run/NetworkManager/devices/*",
    "run/udhcpc/*.lease",
)
MESSAGES = ("var/lib/dhcpcd*/*.lease", "var/db/dhcpcd*/*.lease")
"""Of dhcpcd, as Debian and as its authors place them."""
MESSAGES6 = ("var/lib/dhcpcd*/*.lease6", "var/db/dhcpcd*/*.lease6")
SERVER, GATEWAY, RESOLVER = "DHCP server", "gateway", "DNS server"

_LEASE = re.compile(
    r"""^\s*(?:option\s+|dhcp[46]\.)?(?P<key>dhcp-server-identifier|domain-name-servers|dhcp6\.name-servers|routers
    |dhcp6\.server-id|SERVER_ADDRESS|ROUTER|DNS|dhcp_server_identifier|domain_name_servers|dhcp6_name_servers
    |dhcp6_server_id|serverid|router|dns)[\s=]+(?P<value>[^;\n]+)""",
    re.MULTILINE | re.VERBOSE,
)
_REASONS = {
    "dhcp-server-identifier": SERVER,
    "dhcp_server_identifier": SERVER,
    "SERVER_ADDRESS": SERVER,
    "serverid": SERVER,
    "routers": GATEWAY,
    "ROUTER": GATEWAY,
    "router": GATEWAY,
}
_IDENTIFIERS = {"dhcp6.server-id", "dhcp6_server_id"}
_COOKIE_AT, _COOKIE = 236, b"\x63\x82\x53\x63"
_PAD, _END = 0, 255
_OPTIONS = {3: GATEWAY, 6: RESOLVER, 54: SERVER}
_OPTIONS6_AT = 4
_SERVER_ID = 2
_OPTIONS6 = {12: SERVER, 23: RESOLVER}
# Where the address begins in an identifier with the address of an Ethernet device, by the identifier's first bytes:
# DUID-LLT (after the time) and DUID-LL.
_MAC_AT = {b"\0\1\0\1": 8, b"\0\3\0\1": 4}
_MAC_BYTES = 6


def servers(text: str) -> Facts:
    """Give servers, gateways and resolvers of a lease that is kept as text."""
    for found in _LEASE.finditer(text):
        if found["key"] in _IDENTIFIERS:
            yield from _identified(_octets(found["value"]))
            continue
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


def message6(packet: bytes) -> Facts:
    """Give servers and resolvers of a lease that is kept as the DHCPv6 message of the server."""
    at = _OPTIONS6_AT
    while at + 4 <= len(packet):
        option, length = struct.unpack_from("!HH", packet, at)
        value = packet[at + 4 : at + 4 + length]
        if option == _SERVER_ID:
            yield from _identified(value)
        elif reason := _OPTIONS6.get(option):
            for first in range(0, len(value) - 15, 16):
                yield str(ipaddress.IPv6Address(value[first : first + 16])), reason
        at += 4 + length


def _octets(text: str) -> bytes:
    """Return an identifier that is written as octets with colons, `0:3:0:1:...`; nothing if it is written otherwise."""
    try:
        return bytes(int(octet, 16) for octet in text.strip().split(":"))
    except ValueError:
        return b""


def _identified(identifier: bytes) -> Facts:
    at = _MAC_AT.get(identifier[:4])
    if at is not None and len(identifier) == at + _MAC_BYTES:
        yield identifier[at:].hex(":"), f"{SERVER} (its identifier)"
