from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from redshank.lab.devices import upkeep
from redshank.lab.host import Host
from redshank.lab.scene import Scene

HABITS = [
    (upkeep.keep_time, "ntp", "udp"),
    (upkeep.report, "report to maker", "tcp"),
    (upkeep.stray_lookups, "dns lookup", "udp"),
    (upkeep.check_services, "service check", "tcp"),
]


@pytest.mark.parametrize(("habit", "activity", "proto"), HABITS)
def test_a_habit_starts_its_flows_again_and_again(
    live: Callable[..., Any], habit: Callable[[Scene, Host], Awaitable[None]], activity: str, proto: str
) -> None:
    rows = [row for row in live(lambda scene: habit(scene, scene.hosts["sensor1"]), 1.6) if row.activity == activity]
    assert len(rows) >= 2
    assert {row.proto for row in rows} == {proto}
    assert {row.family for row in rows} == {"benign"}


def test_a_device_pings_a_peer_once_within_a_minute(live: Callable[..., Any], scene: Scene) -> None:
    sensor = scene.hosts["sensor1"]
    swept = scene.journal.begin("icmp", (sensor.ip, 8), (scene.hosts["hub"].ip, 0), "scanning", "ping sweep")
    scene.journal.end(swept)
    rows = live(lambda scene: upkeep.ping_peers(scene, sensor), 2.0)[1:]
    assert [(row.proto, row.dst_ip, row.family) for row in rows] == [("icmp", scene.hosts["gateway"].ip, "benign")]


def test_firmware_is_looked_for_once_and_downloaded_at_most_once(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        for name in scene.cast.lan:
            await upkeep.update(scene, scene.hosts[name])

    rows = play(act)
    checks = sum(row.activity == "firmware check" for row in rows)
    downloads = sum(row.activity == "firmware download" for row in rows)
    assert checks == 11
    assert 0 < downloads < checks
