"""What ransomware does to a file service: read and rewrite everything, fast.

The files are made up, and so is their new content.
"""

import random
from typing import ClassVar

from redshank.lab.attack import Attack, Episode, address_of, amount, pace
from redshank.lab.scene import Scene, fetch


class Ransomware(Attack):
    """Read and rewrite file after file, each step a flow of its own or several files in one."""

    variants: ClassVar = ("single", "batch")
    victims: ClassVar = dict.fromkeys(variants, ("nas",))
    episodes: ClassVar = 4

    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Go through the files of the service."""
        host, target = scene.hosts[episode.attackers[0]], address_of(scene.hosts[episode.victim], rng)
        port = scene.ports["files"]
        await fetch(scene, host, target, port, [("GET", "/files", b"")], self.intent("file listing"))
        async for step in pace(rng, amount(episode, rng, 16, 26), rng.uniform(6, 14)):
            body = b"rewritten " * int(min(1200, 20 + rng.lognormvariate(4.8, 1.0)))
            path = f"/files/{step % 60}"
            if episode.variant == "single":
                await fetch(scene, host, target, port, [("GET", path, b"")], self.intent("bulk read"))
                await fetch(scene, host, target, port, [("PUT", path, body)], self.intent("bulk rewrite"))
            else:
                both = [("GET", path, b""), ("PUT", path, body)] * rng.randint(1, 3)
                await fetch(scene, host, target, port, both, self.intent("bulk read and rewrite"))
