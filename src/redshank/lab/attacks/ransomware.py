"""What ransomware does to a file service: read everything and write it back changed, in full size and fast.

The files are made up, and so is their new content.
"""

import asyncio
import random
from contextlib import suppress
from typing import ClassVar

from redshank.lab.attack import Attack, Episode, address_of, amount, pace
from redshank.lab.host import Host
from redshank.lab.protocols import http
from redshank.lab.scene import Scene, fetch

FILES = 60


class Ransomware(Attack):
    """Read and rewrite file after file, one or several in each flow."""

    variants: ClassVar = ("single", "batch")
    victims: ClassVar = dict.fromkeys(variants, ("nas",))
    episodes: ClassVar = 4

    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Go through the files of the service."""
        host = scene.hosts[episode.attackers[0]]
        target = address_of(scene.hosts[episode.victim], host, rng)
        to = (target, scene.ports["files"])
        name = scene.domain(episode.victim)
        await fetch(scene, host, *to, [("GET", "/files", b"")], self.intent("file listing"))
        number = rng.randrange(FILES)
        async for _ in pace(rng, amount(episode, rng, 22, 36), rng.uniform(6, 14)):
            several = 1 if episode.variant == "single" else rng.randint(2, 4)
            await self._rewrite(host, to, name, [f"/files/{(number + n) % FILES}" for n in range(several)])
            number += several

    async def _rewrite(self, host: Host, to: tuple[str, int], name: str, paths: list[str]) -> None:
        agent = host.rng.choice(host.agents)
        with suppress(OSError, TimeoutError):
            async with host.connect(*to, self.intent("bulk rewrite")) as (reader, writer), asyncio.timeout(6):
                for path in paths:
                    writer.write(http.request("GET", path, name, agent=agent, close=False))
                    found = await http.read(reader)
                    if found is None:
                        return
                    body = (b"rewritten " * (len(found.body) // 10 + 1))[: len(found.body)]
                    writer.write(http.request("PUT", path, name, body, agent=agent, close=path == paths[-1]))
                    if await http.read(reader) is None:
                        return
