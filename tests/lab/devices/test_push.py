from collections.abc import Callable
from typing import Any

from redshank.lab.devices import push
from redshank.lab.host import Intent
from redshank.lab.scene import Scene


def test_each_line_is_answered_with_one(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        host, address = scene.hosts["sensor1"], scene.hosts["api"].ip
        async with host.connect(address, scene.ports["push"], Intent("try")) as (reader, writer):
            for _ in range(3):
                writer.write(b"hb\n")
                assert (await reader.readline()).startswith(b"ack ")

    assert len(play(act)) == 1


def test_devices_listen_again_and_again(live: Callable[..., Any]) -> None:
    rows = live(lambda scene: push.listen(scene, scene.hosts["sensor1"]), 1.2)
    assert sum(row.activity == "push messages" for row in rows) >= 2
