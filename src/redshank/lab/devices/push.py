"""A maker's own line protocol for pushed messages: no known application, and harmless.

In: lines. Out: lines. Without it, "no application recognised" would mean "backdoor" in a recording of this lab.
"""

import asyncio
from contextlib import suppress

from redshank.lab.host import Host, Intent
from redshank.lab.scene import Scene, resolve


async def run(scene: Scene, host: Host) -> None:
    """Serve until the host is closed: each line is answered with one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            filler = b"." * host.rng.randrange(min(400, 20 + 2 * len(line)))
            writer.write(b"ack %d %s\n" % (host.rng.randrange(10**6), filler))
            await writer.drain()

    await host.serve(scene.ports["push"], serve)


async def listen(scene: Scene, host: Host) -> None:
    """Fetch messages: mostly one short flow, sometimes a long one with heartbeats; again and again."""
    while True:
        await asyncio.sleep(host.rng.lognormvariate(2.0, 0.8))
        beats = host.rng.choice((1, 1, 1, 2, 3, 8))
        address = await resolve(scene, host, "api")
        with suppress(OSError, TimeoutError):
            async with host.connect(address, scene.ports["push"], Intent("push messages")) as (reader, writer):
                for _ in range(beats):
                    state = b"s" * int(min(600, host.rng.lognormvariate(3.5, 1.0)))
                    writer.write(b"hb %s %s\n" % (host.name.encode(), state))
                    await writer.drain()
                    async with asyncio.timeout(5):
                        await reader.readline()
                    if beats > 1:
                        await asyncio.sleep(host.rng.uniform(0.3, 3))
