"""Password guessing at the web login, the MQTT broker and the admin console.

The words are made up and none of them is right, so nothing is ever opened.
"""

import asyncio
import random
from contextlib import suppress
from typing import ClassVar

from redshank.lab.attack import Attack, Episode, address_of, amount, pace
from redshank.lab.host import Host
from redshank.lab.protocols import mqtt
from redshank.lab.scene import Scene, fetch

USERS = ("admin", "root", "user", "device", "guest")
WORDS = ("123456", "password", "letmein", "qwerty", "iloveyou", "dragon", "monkey", "football", "abc123", "master")


class Password(Attack):
    """Guess passwords, one or a few in each flow."""

    variants: ClassVar = ("web", "mqtt", "admin")
    victims: ClassVar = {"web": ("hub",), "mqtt": ("broker",), "admin": ("hub", "nas")}
    episodes: ClassVar = 6

    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Guess at one service."""
        host = scene.hosts[episode.attackers[0]]
        target = address_of(scene.hosts[episode.victim], host, rng)
        guess = {"web": self._web, "mqtt": self._mqtt, "admin": self._admin}[episode.variant]
        several = rng.choice((1, 1, 3))
        async for _ in pace(rng, amount(episode, rng, 22, 36), rng.uniform(2.5, 10)):
            await guess(host, scene, target, rng, several)

    async def _web(self, host: Host, scene: Scene, target: str, rng: random.Random, several: int) -> None:
        bodies = [f"user={rng.choice(USERS)}&password={rng.choice(WORDS)}{rng.randrange(99)}" for _ in range(several)]
        posts = [("POST", "/login", body.encode()) for body in bodies]
        await fetch(scene, host, target, scene.ports["web"], posts, self.intent("web login guessing"))

    async def _mqtt(self, host: Host, scene: Scene, target: str, rng: random.Random, several: int) -> None:
        del several  # the broker ends the flow after one wrong password
        hello = mqtt.connect(f"c{rng.randrange(10**5)}", rng.choice(USERS), rng.choice(WORDS), 60)
        with suppress(OSError, TimeoutError):
            intent = self.intent("mqtt password guessing")
            async with host.connect(target, scene.ports["mqtt"], intent) as (reader, writer), asyncio.timeout(3):
                writer.write(hello)
                await mqtt.read(reader)

    async def _admin(self, host: Host, scene: Scene, target: str, rng: random.Random, several: int) -> None:
        with suppress(OSError, TimeoutError):
            intent = self.intent("admin console guessing")
            async with host.connect(target, scene.ports["admin"], intent) as (reader, writer), asyncio.timeout(4):
                for _ in range(several):
                    for word in (rng.choice(USERS), rng.choice(WORDS)):
                        await reader.read(4096)
                        writer.write(word.encode() + b"\r\n")
                        await writer.drain()
                await reader.read(4096)
