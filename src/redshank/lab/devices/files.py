"""A file service: list, read and write files over HTTP.

In: GET and PUT. Out: files of varied size whose content is made up and packs well.
"""

import asyncio

from redshank.lab.host import Host
from redshank.lab.protocols import http
from redshank.lab.scene import Scene

MAX_FILES = 400


class Shelf:
    """The files, in memory.

    Args:
        sizes_bytes: One file of each size.

    Example:
        >>> Shelf([10]).respond("GET", "/files/0", b"")
        (200, b'some text ')
    """

    def __init__(self, sizes_bytes: list[int]) -> None:
        self._files = {f"/files/{n}": (b"some text " * (s // 10 + 1))[:s] for n, s in enumerate(sizes_bytes)}

    def names(self) -> list[str]:
        """Return the paths of all files."""
        return list(self._files)

    def respond(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Return status and content for one request."""
        if target == "/files":
            return 200, "\n".join(self._files).encode()
        if method == "PUT":
            if len(self._files) < MAX_FILES or target in self._files:
                self._files[target] = body
            return 201, b"stored"
        found = self._files.get(target)
        return (404, b"no such file") if found is None else (200, found)


async def run(scene: Scene, host: Host) -> None:
    """Serve a shelf of files until the host is closed."""
    shelf = Shelf([int(min(14_000, 200 + host.rng.lognormvariate(7.2, 1.1))) for _ in range(60)])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (message := await http.read(reader)) is not None:
            await asyncio.sleep(host.rng.uniform(0.001, 0.01))
            writer.write(http.response(*shelf.respond(message.start[0], message.start[1], message.body)))
            await writer.drain()
            if not message.keep_alive:
                return

    await host.serve(scene.ports["files"], serve)
