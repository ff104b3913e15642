from collections.abc import Callable
from typing import Any

import pytest

from redshank.lab.host import Intent
from redshank.lab.scene import Scene


@pytest.mark.parametrize(
    ("variant", "activity"), [("beacon", "beacon"), ("session", "remote commands"), ("upload", "upload")]
)
def test_a_device_talks_to_the_control_server(
    attack: Callable[..., Any], scene: Scene, variant: str, activity: str
) -> None:
    rows = attack("backdoor", variant, "control")
    assert len(rows) >= 3
    assert {(row.dst_ip, row.family, row.activity) for row in rows} == {
        (scene.hosts["control"].ip, "backdoor", activity)
    }


def test_the_control_server_gives_harmless_orders_and_receipts(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        host, address = scene.hosts["sensor1"], scene.hosts["control"].ip
        async with host.connect(address, scene.ports["control"], Intent("try")) as (reader, writer):
            writer.write(b"id 1\n")
            assert (await reader.readline()).startswith(b"run marker-")
            writer.write(b"put 5\nabcde")
            assert await reader.readline() == b"got\n"
            writer.write(b"put nonsense\nid 2\n")
            assert await reader.readline() == b"got\n"
            assert (await reader.readline()).startswith(b"run marker-")

    play(act)
