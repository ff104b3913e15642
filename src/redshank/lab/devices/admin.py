"""An old-fashioned admin service: a banner, a login, a few commands; and the person who uses it.

In: lines. Out: lines. Like telnet, without its options.
"""

import asyncio
from contextlib import suppress

from redshank.lab.host import Host, Intent
from redshank.lab.scene import Scene, resolve

TRIES = 3
LINE_BYTES = 512


async def _line(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\n"))[:LINE_BYTES].decode("latin-1").strip()
    except asyncio.LimitOverrunError:
        return ""


async def run(scene: Scene, host: Host) -> None:
    """Serve logins until the host is closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(f"{host.name} admin console\r\n".encode())
        for _ in range(TRIES):
            writer.write(b"login: ")
            user = await _line(reader)
            writer.write(b"password: ")
            password = await _line(reader)
            await asyncio.sleep(host.rng.uniform(0.02, 0.1))
            if user and scene.passwords.get(user) == password:
                break
            writer.write(b"login incorrect\r\n")
        else:
            return
        writer.write(b"$ ")
        while (command := await _line(reader)) not in ("", "exit"):
            writer.write(f"{command}: done\r\n".encode() * host.rng.randint(1, 20) + b"$ ")
            await writer.drain()

    await host.serve(scene.ports["admin"], serve)


async def visit(scene: Scene, host: Host, target: str) -> None:
    """Log in, mistype the password at times, type a few commands."""
    address = await resolve(scene, host, target)
    lines = ["admin", scene.passwords["admin"]]
    if host.rng.random() < 0.15:
        lines = ["admin", "corect-horse", *lines]
    lines += [*host.rng.choices(["uptime", "show devices", "logs", "df"], k=host.rng.randint(1, 5)), "exit"]
    with suppress(OSError, TimeoutError):
        async with host.connect(address, scene.ports["admin"], Intent("admin console")) as (reader, writer):
            for line in lines:
                async with asyncio.timeout(3):
                    await reader.read(4096)
                await asyncio.sleep(host.rng.lognormvariate(-1.0, 0.5))
                writer.write(line.encode() + b"\r\n")
                await writer.drain()
