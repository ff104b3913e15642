"""The never-block list: who may not be acted on, and why.

In: what was seen of the surroundings (`respond/surroundings.py`) and what the settings name. Out: for any target the
reason why it is protected, or None. The one idea: this is asked wherever an action could pass (policy, ledger,
backend), always with the canonical form of the target, and what is no address at all is protected too.

Link-layer addresses of protected devices are protected with them. Once seen they stay so while the device's address is
protected: someone who forges answers (ARP, neighbor discovery) can add an address to the list, never take one off it.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from redshank.core.errors import ConfigError
from redshank.respond.target import Network, address, canonical, carried, is_mac, network

ALWAYS: tuple[tuple[Network, str], ...] = (
    (ipaddress.IPv4Network("0.0.0.0/8"), "unspecified"),
    (ipaddress.IPv4Network("127.0.0.0/8"), "loopback"),
    (ipaddress.IPv4Network("169.254.0.0/16"), "link-local"),
    (ipaddress.IPv4Network("224.0.0.0/4"), "multicast"),
    (ipaddress.IPv4Network("255.255.255.255/32"), "broadcast"),
    (ipaddress.IPv6Network("::/128"), "unspecified"),
    (ipaddress.IPv6Network("::1/128"), "loopback"),
    (ipaddress.IPv6Network("fe80::/10"), "link-local"),
    (ipaddress.IPv6Network("ff00::/8"), "multicast"),
)
"""What no single device owns, or every device has at once."""

MOST_MACS = 4_096
"""Link-layer addresses remembered; later ones are protected only while they are seen. Forged answers fill this, and
must not push out what was there before them."""


@dataclass(frozen=True)
class Surroundings:
    """What a look around found.

    Args:
        named: Address, network or MAC, and why it is protected; in the order in which reasons are told.
        neighbors: Link-layer addresses by canonical IP address, as the kernel knows them.
    """

    named: tuple[tuple[str, str], ...] = ()
    neighbors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Protected:
    """The never-block list as it is now. `Protected.of` makes it.

    Args:
        addresses: Reason by canonical address or MAC.
        networks: Networks, each with its reason.
        owners: Protected address by MAC that was seen with it.
    """

    addresses: Mapping[str, str] = field(default_factory=dict)
    networks: tuple[tuple[Network, str], ...] = ALWAYS
    owners: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, seen: Surroundings, earlier: "Protected | None" = None) -> "Protected":
        """Make the list.

        Args:
            seen: The surroundings. What is no address there (a name in a file of resolvers) is left out.
            earlier: The list before, whose link-layer addresses are kept.

        Example:
            >>> home = Surroundings((("10.0.0.1", "gateway"),), {"10.0.0.1": ("02:00:5e:10:00:01",)})
            >>> Protected.of(home).why("02-00-5E-10-00-01")
            'link-layer address of 10.0.0.1 (gateway)'
        """
        addresses: dict[str, str] = {}
        networks: list[tuple[Network, str]] = []
        for text, reason in seen.named:
            try:
                if "/" in text:
                    networks.append((network(text), reason))
                else:
                    addresses.setdefault(canonical(text), reason)
            except ValueError:
                continue
        own = cls(addresses, tuple(networks))
        # Not what ALWAYS holds: every device has a link-local address.
        seen_now = {mac: ip for ip, macs in seen.neighbors.items() if own.why(ip) is not None for mac in macs}
        remembered = dict(earlier.owners) if earlier else {}
        owners = {**remembered, **dict(list(seen_now.items())[: max(0, MOST_MACS - len(remembered))])}
        for mac, ip in (*seen_now.items(), *owners.items()):
            if (because := own.why(ip)) is not None:
                addresses.setdefault(mac, f"link-layer address of {ip} ({because})")
        return cls(addresses, (*networks, *ALWAYS), owners)

    def why(self, target: str) -> str | None:
        """Return why `target` may not be acted on, or None.

        Example:
            >>> Protected().why("::ffff:127.0.0.1"), Protected().why("10.0.0.66"), Protected().why("router")
            ('loopback', None, 'no address')
        """
        try:
            text = canonical(target)
        except ValueError:
            return "no address"
        if text in self.addresses:
            return self.addresses[text]
        if is_mac(text):
            return "multicast" if int(text[:2], 16) & 1 else "unspecified" if set(text) <= set("0:") else None
        for one in carried(address(text)):
            if str(one) in self.addresses:
                return self.addresses[str(one)]
            for inside, reason in self.networks:
                if one in inside:
                    return reason
        return None


def named(targets: Iterable[str], where: str, reason: str) -> tuple[tuple[str, str], ...]:
    """Return addresses, networks and MACs of the settings, each with the reason.

    Args:
        targets: As a person wrote them.
        where: The setting's name.
        reason: Why they are protected.

    Raises:
        ConfigError: If some are neither; all are named.

    Example:
        >>> named(["10.0.0.5", "fd00:7::/64"], "respond.protect", "settings")
        (('10.0.0.5', 'settings'), ('fd00:7::/64', 'settings'))
    """
    problems = []
    for text in targets:
        try:
            network(text) if "/" in text else canonical(text)
        except ValueError as error:
            problems.append(f"{where}: {error}; name addresses, not names: a name can be made to point elsewhere")
    if problems:
        raise ConfigError(problems)
    return tuple((text, reason) for text in targets)
