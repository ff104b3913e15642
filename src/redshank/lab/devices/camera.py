"""A camera: a stream of frames over HTTP, and single pictures; and those who watch.

In: a device. Out: `multipart/x-mixed-replace` frames in chunks, at a seeded rate until the viewer leaves.
Source: RFC 9112 section 7.1 (chunks), RFC 2046 section 5.1 (multipart).
"""

import asyncio
from contextlib import suppress

from redshank.lab.host import Host, Intent
from redshank.lab.protocols import http
from redshank.lab.scene import Scene, fetch, resolve

FRAME = b"\xff\xd8" + b"frame of a harmless picture " * 250
"""Repeats itself, so that a capture of it packs well."""


async def run(scene: Scene, host: Host) -> None:
    """Serve streams and pictures until the host is closed."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        message = await http.read(reader)
        if message is None:
            return
        if message.start[1] != "/stream":
            size = host.rng.randrange(2000, 7000)
            found = message.start[1].startswith("/picture")
            writer.write(http.response(200, FRAME[:size], kind="image/jpeg") if found else http.response(404, b"none"))
            await writer.drain()
            return
        kind = "multipart/x-mixed-replace; boundary=f"
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        gap_s = 1 / host.rng.uniform(3, 7)
        while not writer.is_closing():
            frame = b"--f\r\nContent-Type: image/jpeg\r\n\r\n" + FRAME[: host.rng.randrange(900, 4200)]
            writer.write(f"{len(frame):x}\r\n".encode() + frame + b"\r\n")
            await writer.drain()
            await asyncio.sleep(gap_s * host.rng.uniform(0.7, 1.3))

    await host.serve(scene.ports["camera"], serve)


async def view(scene: Scene, host: Host, camera: str) -> None:
    """Watch a camera's stream for some seconds."""
    address = await resolve(scene, host, camera)
    with suppress(OSError, TimeoutError):
        async with (
            host.connect(address, scene.ports["camera"], Intent("camera stream")) as (reader, writer),
            asyncio.timeout(host.rng.uniform(1.5, 7)),
        ):
            writer.write(http.request("GET", "/stream", scene.domain(camera), close=False))
            while await reader.read(16384):
                pass


async def look(scene: Scene, host: Host, camera: str) -> None:
    """Fetch one picture."""
    address = await resolve(scene, host, camera)
    target = [("GET", f"/picture/{host.rng.randrange(100)}", b"")]
    await fetch(scene, host, address, scene.ports["camera"], target, Intent("camera picture"))
