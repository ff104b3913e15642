"""Scanning: TCP connects, half-open SYNs, UDP probes, and ping sweeps, slow and fast.

Source: nmap's reference guide (port scanning techniques) for what each leaves on the wire.
"""

import random
from contextlib import suppress
from typing import ClassVar

from redshank.lab import packets
from redshank.lab.attack import Attack, Episode, address_of, amount, pace
from redshank.lab.host import Host, reset_on_close
from redshank.lab.scene import Scene

COMMON = (21, 22, 23, 25, 53, 80, 110, 139, 143, 443, 445, 554, 1883, 3306, 3389, 5683, 5900, 8000, 8080, 8081, 8883)
EVERYBODY = ("gateway", "broker", "hub", "nas", "sensors", "cameras", "thermostats", "coaps", "people")


class Scanning(Attack):
    """Find open ports and living addresses."""

    variants: ClassVar = ("connect", "syn", "udp", "sweep")
    victims: ClassVar = dict.fromkeys(variants, EVERYBODY)
    episodes: ClassVar = 9

    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Scan one victim's ports, or sweep all addresses."""
        host, victim = scene.hosts[episode.attackers[0]], scene.hosts[episode.victim]
        ports = [*rng.sample(COMMON, 14), *rng.sample(range(1, 10_000), 40)]
        ports = list(dict.fromkeys(ports))[: amount(episode, rng, 30, 54)]
        rng.shuffle(ports)
        rate_per_s = rng.choice((8.0, 25.0, 120.0))
        if episode.variant == "connect":
            await self._connect(host, address_of(victim, host, rng), ports, rate_per_s, rng)
        elif episode.variant == "syn":
            await self._syn(host, victim.ip, ports, rate_per_s, rng)
        elif episode.variant == "udp":
            await self._udp(host, victim.ip, ports[: len(ports) // 2], min(rate_per_s, 25.0), rng)
        else:
            await self._sweep(host, scene, rate_per_s, rng)

    async def _connect(self, host: Host, target: str, ports: list[int], rate_per_s: float, rng: random.Random) -> None:
        intent = self.intent("connect scan")
        async for step in pace(rng, len(ports), rate_per_s):
            with suppress(OSError, TimeoutError):
                async with host.connect(target, ports[step], intent, timeout_s=1.0) as (_, writer):
                    if rng.random() < 0.5:
                        reset_on_close(writer)

    async def _syn(self, host: Host, target: str, ports: list[int], rate_per_s: float, rng: random.Random) -> None:
        intent = self.intent("syn scan")
        with host.raw_ip() as raw:
            async for step in pace(rng, len(ports), rate_per_s):
                source, to = (host.ip, host.port()), (target, ports[step])
                row = host.note("tcp", source, to, intent)
                segment = packets.tcp(source, to, packets.SYN, seq=rng.getrandbits(32))
                host.send_ip(raw, packets.ipv4(host.ip, target, 6, segment, ident=rng.getrandbits(16)))
                host.journal.end(row)

    async def _udp(self, host: Host, target: str, ports: list[int], rate_per_s: float, rng: random.Random) -> None:
        # The victim's kernel says "port unreachable" (3, 3): a flow of its own that nobody else makes it send.
        unreachable = host.note("icmp", (target, 3), (host.ip, 3), self.intent("answers to a udp scan"))
        async for step in pace(rng, len(ports), rate_per_s):
            with suppress(OSError):
                probe = [bytes(rng.choice((0, 8, 24)))]
                await host.exchange(target, ports[step], probe, self.intent("udp scan"), timeout_s=0.1)
        host.journal.end(unreachable)

    async def _sweep(self, host: Host, scene: Scene, rate_per_s: float, rng: random.Random) -> None:
        intent = self.intent("ping sweep")
        targets = [scene.hosts[name].ip for name in scene.cast.lan if name != host.name]
        rng.shuffle(targets)
        async for step in pace(rng, len(targets), rate_per_s):
            if not host.journal.recent("icmp", (host.ip, 8), (targets[step], 0)):
                await host.ping(targets[step], 1, 0.0, intent)
