"""Distributed denial of service: several devices at once do what botnets of such devices do, at a harmless rate.

Source: the published descriptions of Mirai's vectors (Antonakakis et al., USENIX Security 2017): floods
of ACK segments, datagrams and HTTP requests.
"""

import asyncio
import random
from typing import ClassVar

from redshank.lab import packets
from redshank.lab.attack import Attack, Episode, amount, pace
from redshank.lab.host import Host
from redshank.lab.scene import Scene, fetch


class Ddos(Attack):
    """Keep one service busy from several devices at the same time."""

    variants: ClassVar = ("ack", "udp", "http")
    victims: ClassVar = {"ack": ("hub", "nas", "broker"), "udp": ("gateway",), "http": ("hub", "cameras")}
    episodes: ClassVar = 3
    attackers: ClassVar = 4
    paces: ClassVar = {"ack": (20.0, 60.0), "udp": (20.0, 60.0), "http": (10.0, 25.0)}

    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Flood one service from all attackers together."""
        flood = {"ack": self._ack, "udp": self._udp, "http": self._http}[episode.variant]
        async with asyncio.TaskGroup() as group:
            for name in episode.attackers:
                own = random.Random(rng.getrandbits(64))  # noqa: S311  a reproducible lab, not a secret
                group.create_task(flood(scene.hosts[name], episode, scene, own))

    async def _ack(self, host: Host, episode: Episode, scene: Scene, rng: random.Random) -> None:
        victim = scene.hosts[episode.victim].ip
        port = scene.ports[{"hub": "web", "broker": "mqtt"}.get(episode.victim, "files")]
        with host.raw_ip() as raw:
            async for _ in pace(rng, amount(episode, rng, 25, 40), rng.uniform(*self.paces["ack"])):
                source = (host.ip, host.port())
                row = host.note("tcp", source, (victim, port), self.intent("ack flood"))
                for _ in range(rng.choice((1, 2, 3))):
                    seq, ack = rng.getrandbits(32), rng.getrandbits(32)
                    segment = packets.tcp(
                        source, (victim, port), packets.ACK, seq=seq, ack=ack, payload=bytes(rng.randrange(0, 200))
                    )
                    host.send_ip(raw, packets.ipv4(host.ip, victim, 6, segment, ident=rng.getrandbits(16)))
                host.journal.end(row)

    async def _udp(self, host: Host, episode: Episode, scene: Scene, rng: random.Random) -> None:
        target, port = scene.hosts[episode.victim].ip, scene.ports["ntp"]
        size = rng.choice((64, 200, 512, 512, 900))
        async for _ in pace(rng, amount(episode, rng, 25, 40), rng.uniform(*self.paces["udp"])):
            payloads = [bytes(size)] * rng.choice((1, 2, 4, 6))
            await host.exchange(target, port, payloads, self.intent("distributed udp flood"), timeout_s=0)

    async def _http(self, host: Host, episode: Episode, scene: Scene, rng: random.Random) -> None:
        target = scene.hosts[episode.victim].ip
        port = scene.ports["camera" if episode.victim in scene.cast.cameras else "web"]
        async for _ in pace(rng, amount(episode, rng, 14, 24), rng.uniform(*self.paces["http"])):
            gets = [("GET", f"/about?{rng.randrange(10**6)}", b"")] * rng.randint(3, 6)
            await fetch(scene, host, target, port, gets, self.intent("distributed http flood"))
