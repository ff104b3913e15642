"""A backdoor: a device reports to a control server upstream, takes small commands, and uploads now and then.

The control server is the lab's own, its commands do nothing, what is uploaded is made up.
"""

import asyncio
import random
import zlib
from contextlib import suppress
from typing import ClassVar

from redshank.lab.attack import Attack, Episode, amount, pace
from redshank.lab.host import Host
from redshank.lab.scene import Scene

MAX_LINE_BYTES = 65_536


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be the control server: answer each line with a short order, an upload with a receipt."""
    while True:
        line = await reader.readline()
        if not line:
            return
        if line.startswith(b"put "):
            size = int(line[4:].strip()) if line[4:].strip().isdigit() else 0
            await reader.readexactly(min(size, MAX_LINE_BYTES))
            writer.write(b"got\n")
        else:
            writer.write(b"run marker-%d %s\n" % (len(line) % 7, b"." * (zlib.crc32(line) % 90)))
        await writer.drain()


class Backdoor(Attack):
    """Report home at jittered intervals, in short flows, long ones, or with uploads."""

    variants: ClassVar = ("beacon", "session", "upload")
    victims: ClassVar = dict.fromkeys(variants, ("control",))
    episodes: ClassVar = 7

    async def run(self, episode: Episode, scene: Scene, rng: random.Random) -> None:
        """Talk to the control server for a while."""
        host, target = scene.hosts[episode.attackers[0]], scene.hosts[episode.victim].ip
        act = {"beacon": self._beacon, "session": self._session, "upload": self._upload}[episode.variant]
        span = {"beacon": (14, 24), "session": (5, 9), "upload": (6, 12)}[episode.variant]
        async for _ in pace(rng, amount(episode, rng, *span), rng.uniform(0.7, 1.6)):
            await act(host, target, scene.ports["control"], rng)

    async def _talk(
        self, host: Host, target: tuple[str, int], lines: list[bytes], pause_s: float, activity: str
    ) -> None:
        with suppress(OSError, TimeoutError, ValueError):
            async with host.connect(*target, self.intent(activity)) as (reader, writer), asyncio.timeout(12):
                for line in lines:
                    writer.write(line)
                    await writer.drain()
                    await reader.readline()
                    await asyncio.sleep(pause_s)

    async def _beacon(self, host: Host, target: str, port: int, rng: random.Random) -> None:
        line = b"id %08x up %d %s\n" % (rng.getrandbits(32), rng.randrange(10**5), b"." * rng.randrange(120))
        await self._talk(host, (target, port), [line], 0.0, "beacon")

    async def _session(self, host: Host, target: str, port: int, rng: random.Random) -> None:
        lines = [b"id %08x\n" % rng.getrandbits(32)]
        lines += [b"done %s\n" % (b"o" * rng.randrange(5, 200)) for _ in range(rng.randint(2, 6))]
        await self._talk(host, (target, port), lines, rng.uniform(0.1, 0.5), "remote commands")

    async def _upload(self, host: Host, target: str, port: int, rng: random.Random) -> None:
        size = rng.randrange(2_000, 14_000)
        line = b"put %d\n" % size + (b"made up " * (size // 8 + 1))[:size]
        await self._talk(host, (target, port), [b"id %08x\n" % rng.getrandbits(32), line], 0.0, "upload")
