"""Who plays in a lab, and what every actor knows about the others.

In: a seed. Out: a cast (how many of which device), and a scene (their hosts, names, ports and passwords).
The one idea: everything that could tell one recording from the next comes from the seed, so a model that learned
addresses or a timetable from one is lost in the other.
"""

import ipaddress
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from redshank.lab.host import Host, Intent
from redshank.lab.journal import Journal
from redshank.lab.protocols import dns, http

PORTS = {
    "web": 80,
    "api": 8080,
    "dns": 53,
    "ntp": 123,
    "mqtt": 1883,
    "coap": 5683,
    "admin": 23,
    "push": 5223,
    "files": 8000,
    "camera": 8081,
    "thermostat": 80,
    "control": 8080,
}
"""Where services listen. The backdoors' control server shares a port with a harmless service on purpose."""

FIXED = ("gateway", "broker", "hub", "nas")
UPSTREAM = ("api", "site", "firmware", "control")
DOMAINS = {
    "api": "api.vendor.example",
    "site": "www.site.example",
    "firmware": "dl.vendor.example",
    "control": "edge7.hosting.example",
}


@dataclass(frozen=True)
class Cast:
    """How many of which device are on the bridge, who of them speaks IPv6, and who is compromised.

    Example:
        >>> cast(7) == cast(7)
        True
    """

    sensors: tuple[str, ...]
    cameras: tuple[str, ...]
    thermostats: tuple[str, ...]
    coaps: tuple[str, ...]
    people: tuple[str, ...]
    ipv6: tuple[str, ...]
    attackers: tuple[str, ...]

    @property
    def lan(self) -> tuple[str, ...]:
        """Return everybody on the bridge."""
        return (*FIXED, *self.sensors, *self.cameras, *self.thermostats, *self.coaps, *self.people)


def cast(seed: int) -> Cast:
    """Choose the devices of a lab, and which of them are compromised, by the seed."""
    rng = random.Random(f"cast {seed}")  # noqa: S311  a reproducible lab, not a secret

    def some(word: str, low: int, high: int) -> tuple[str, ...]:
        return tuple(f"{word}{n}" for n in range(1, rng.randint(low, high) + 1))

    kinds = (some("sensor", 4, 6), some("camera", 1, 2), some("thermo", 1, 2), some("coap", 1, 2), some("person", 3, 5))
    # One of each kind can be compromised, and two more: no kind of device stands for an attacker.
    attackers = [rng.choice(kind) for kind in kinds]
    others = [name for kind in kinds for name in kind if name not in attackers]
    attackers += rng.sample(others, 2)
    speaks = [name for kind in kinds for name in kind if rng.random() < 0.4]
    ipv6 = (*FIXED, *speaks) if rng.random() < 0.6 else ()
    return Cast(*kinds, ipv6=ipv6, attackers=tuple(attackers))


@dataclass
class Scene:
    """What every actor knows.

    Args:
        cast: Who is there.
        hosts: By name, upstream servers included.
        journal: Ground truth.
        ports: Where services listen.
        passwords: Of users, by name, for the web application, the broker and the admin service.
        neighbors: ARP table of somebody; None where there is no real network.
        forward: Lets somebody forward what is not meant for him, or stops it; None as above.
        macs: Link-layer address by name.
        lan: The bridge's IPv4 network; what lies outside it goes through the gateway.
        clock: Gives seconds since the epoch.
    """

    cast: Cast
    hosts: dict[str, Host]
    journal: Journal
    ports: dict[str, int] = field(default_factory=lambda: dict(PORTS))
    passwords: dict[str, str] = field(default_factory=lambda: {"admin": "correct-horse", "device": "battery-staple"})
    neighbors: Callable[[str], dict[str, str]] | None = None
    forward: Callable[[str, bool], None] | None = None
    macs: dict[str, str] = field(default_factory=dict)
    lan: ipaddress.IPv4Network | None = None
    clock: Callable[[], float] = time.time

    def zone(self) -> dict[str, tuple[str, ...]]:
        """Return the addresses by domain name."""
        return {self.domain(name): host.addresses for name, host in self.hosts.items()}

    def domain(self, name: str) -> str:
        """Return the domain name of somebody."""
        return DOMAINS.get(name, f"{name}.home.example")


async def resolve(scene: Scene, host: Host, name: str) -> str:
    """Return an address of `name`: mostly after asking the gateway's DNS server, sometimes from memory."""
    rng = host.rng
    if rng.random() < 0.45:
        return scene.hosts[name].ip
    version6 = host.has_ipv6() and scene.hosts[name].has_ipv6() and rng.random() < 0.3
    server = scene.hosts["gateway"].addresses[1 if host.has_ipv6() and rng.random() < 0.2 else 0]
    question = dns.encode(dns.Message(rng.randrange(65536), scene.domain(name), dns.AAAA if version6 else dns.A))
    try:
        data = await host.exchange(server, scene.ports["dns"], [question], Intent("dns lookup"))
    except OSError:
        data = None
    answer = dns.decode(data) if data else None
    return answer.answers[0] if answer and answer.answers else scene.hosts[name].ip


async def fetch(
    scene: Scene, host: Host, address: str, port: int, targets: list[tuple[str, str, bytes]], intent: Intent
) -> list[int]:
    """Send HTTP requests one after the other over one flow; return the statuses that came back.

    Args:
        scene: For the peers' names.
        host: Who asks.
        address: Whom.
        port: TCP port.
        targets: Method, target and body of each request.
        intent: For the journal.
    """
    name = next((scene.domain(name) for name, other in scene.hosts.items() if address in other.addresses), address)
    agent = host.rng.choice(host.agents)
    statuses: list[int] = []
    try:
        async with host.connect(address, port, intent) as (reader, writer):
            for number, (method, target, body) in enumerate(targets, start=1):
                last = number == len(targets)
                writer.write(http.request(method, target, name, body, agent=agent, close=last))
                await writer.drain()
                message = await http.read(reader)
                if message is None:
                    break
                statuses.append(message.status)
    except (OSError, TimeoutError):
        # A server under attack refuses or resets; a person shrugs and tries later.
        return statuses
    return statuses
