from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from redshank.lab.devices import upkeep
from redshank.lab.host import Host
from redshank.lab.scene import Scene

HABITS = [
    (upkeep.keep_time, "ntp", "udp"),
    (upkeep.ping_peers, "ping", "icmp"),
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


def test_firmware_is_looked_for_once_and_downloaded_at_most_once(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        for name in scene.cast.lan:
            await upkeep.update(scene, scene.hosts[name])

    rows = play(act)
    checks = sum(row.activity == "firmware check" for row in rows)
    downloads = sum(row.activity == "firmware download" for row in rows)
    assert checks == 11
    assert 0 < downloads < checks
