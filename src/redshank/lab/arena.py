"""Where the lab may send, and nowhere else.

In: an address that an actor wants to reach. Out: the same address, or a refusal.
The one idea: the check stands in front of every send and connect of the lab, beside the network namespaces that have no
way out; either alone would do.
Source: RFC 1918 (private IPv4), RFC 4193 (unique local IPv6).
"""

import ipaddress
import random
from dataclasses import dataclass, field

from redshank.core.errors import ActionError, ConfigError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PRIVATE: tuple[Network, ...] = (
    ipaddress.IPv4Network("10.0.0.0/8"),
    ipaddress.IPv4Network("172.16.0.0/12"),
    ipaddress.IPv4Network("192.168.0.0/16"),
    ipaddress.IPv4Network("127.0.0.0/8"),
    ipaddress.IPv6Network("fc00::/7"),
)
"""What an arena may be made of; loopback, because it never leaves the machine either."""


def _inside(inner: Network, outer: Network) -> bool:
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


@dataclass(frozen=True)
class Arena:
    """The networks that belong to one lab.

    Args:
        networks: Private networks; anything else is refused at once.

    Raises:
        ConfigError: If one of the networks is not private.

    Example:
        >>> Arena((ipaddress.IPv4Network("10.1.2.0/24"),)).check("10.1.2.3")
        '10.1.2.3'
    """

    networks: tuple[Network, ...]

    def __post_init__(self) -> None:
        """Refuse networks that other people may live in."""
        for network in self.networks:
            if not any(_inside(network, private) for private in PRIVATE):
                raise ConfigError(
                    f"lab: network '{network}' is not private; allowed are {', '.join(map(str, PRIVATE))}"
                )

    def check(self, target: str) -> str:
        """Return `target` if it is an address of this lab.

        Raises:
            ActionError: If it is not.
        """
        try:
            address = ipaddress.ip_address(target)
        except ValueError:
            raise ActionError(f"lab: target '{target}' is not an IP address; the lab takes no names") from None
        if not any(address in network for network in self.networks):
            own = ", ".join(map(str, self.networks))
            raise ActionError(f"lab: target '{target}' is outside this lab ({own}); nothing was sent")
        return target


@dataclass(frozen=True)
class Addresses:
    """Who lives where in one lab.

    Args:
        lan: The network on the bridge.
        upstream: The network behind the gateway.
        lan6: Unique local IPv6 prefix of the bridge, or None.
        v4: IPv4 address by name; names that live upstream too.
        v6: IPv6 address by name; only names on the bridge.
        macs: Link-layer address by name.
    """

    lan: ipaddress.IPv4Network
    upstream: ipaddress.IPv4Network
    lan6: ipaddress.IPv6Network | None
    v4: dict[str, str]
    v6: dict[str, str] = field(default_factory=dict)
    macs: dict[str, str] = field(default_factory=dict)

    def arena(self) -> Arena:
        """Return the arena of exactly these networks."""
        extra = (self.lan6,) if self.lan6 else ()
        return Arena((self.lan, self.upstream, *extra))


def _private_24(rng: random.Random) -> ipaddress.IPv4Network:
    third = rng.randrange(1, 250)
    head = rng.choice((f"10.{rng.randrange(1, 250)}", f"172.{rng.randrange(16, 32)}", "192.168"))
    return ipaddress.IPv4Network(f"{head}.{third}.0/24")


def choose(
    seed: int, lan_names: tuple[str, ...], upstream_names: tuple[str, ...], *, ipv6: tuple[str, ...]
) -> Addresses:
    """Choose private networks and an address for everybody, by the seed.

    Args:
        seed: The same seed gives the same addresses.
        lan_names: Who is on the bridge, at most 200.
        upstream_names: Who is behind the gateway; the gateway itself takes the name "uplink" there.
        ipv6: Who on the bridge also has a unique local IPv6 address; nobody, and there is no IPv6 at all.

    Example:
        >>> sorted(choose(7, ("gateway",), ("api",), ipv6=()).v4)
        ['api', 'gateway', 'uplink']
    """
    rng = random.Random(f"addresses {seed}")  # noqa: S311  a reproducible lab, not a secret
    lan = _private_24(rng)
    upstream = _private_24(rng)
    while upstream.overlaps(lan):
        upstream = _private_24(rng)
    v4 = dict(zip(lan_names, (str(lan[n]) for n in rng.sample(range(2, 250), len(lan_names))), strict=True))
    outside = ("uplink", *upstream_names)
    v4 |= dict(zip(outside, (str(upstream[n]) for n in rng.sample(range(2, 250), len(outside))), strict=True))
    lan6 = None
    v6: dict[str, str] = {}
    if ipv6:
        lan6 = ipaddress.IPv6Network((0xFD << 120 | rng.getrandbits(56) << 64, 64))
        v6 = {name: str(lan6[rng.randrange(0x100, 0xFFFF)]) for name in ipv6}
        while len(set(v6.values())) < len(v6):
            v6 = {name: str(lan6[rng.randrange(0x100, 0xFFFF)]) for name in ipv6}
    macs = {name: "02:" + ":".join(f"{rng.randrange(256):02x}" for _ in range(5)) for name in (*lan_names, "uplink")}
    return Addresses(lan, upstream, lan6, v4, v6, macs)
