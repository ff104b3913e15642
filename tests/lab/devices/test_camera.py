import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from redshank.lab.devices import camera
from redshank.lab.host import Intent
from redshank.lab.protocols import http
from redshank.lab.scene import Scene, fetch


def test_a_viewer_gets_chunks_of_frames_until_he_leaves(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        host, address = scene.hosts["person1"], scene.hosts["camera1"].ip
        async with host.connect(address, scene.ports["camera"], Intent("look")) as (reader, writer):
            writer.write(http.request("GET", "/stream", "camera"))
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"Transfer-Encoding: chunked" in head
            sizes = []
            for _ in range(4):
                size = int(await reader.readline(), 16)
                frame = await reader.readexactly(size)
                assert frame.startswith(b"--f\r\nContent-Type: image/jpeg")
                assert await reader.readline() == b"\r\n"
                sizes.append(size)
            assert len(set(sizes)) > 1

    assert len(play(act)) == 1


def test_pictures_are_there_and_other_pages_are_not(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        host, address, port = scene.hosts["person1"], scene.hosts["camera1"].ip, scene.ports["camera"]
        assert await fetch(scene, host, address, port, [("GET", "/picture/1", b"")], Intent("look")) == [200]
        assert await fetch(scene, host, address, port, [("GET", "/about", b"")], Intent("look")) == [404]

    play(act)


def test_people_watch_and_look(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        await camera.look(scene, scene.hosts["person1"], "camera1")
        with suppress(TimeoutError):
            async with asyncio.timeout(0.4):
                await camera.view(scene, scene.hosts["person1"], "camera1")

    assert [row.activity for row in play(act) if row.proto == "tcp"] == ["camera picture", "camera stream"]
