from collections.abc import Callable
from typing import Any

import pytest

from redshank.lab.host import Intent
from redshank.lab.scene import Scene, cast, fetch, resolve


@pytest.mark.parametrize("seed", range(20))
def test_every_kind_of_device_has_one_that_is_compromised_and_one_kind_is_never_all(seed: int) -> None:
    who = cast(seed)
    kinds = (who.sensors, who.cameras, who.thermostats, who.coaps, who.people)
    assert all(set(kind) & set(who.attackers) for kind in kinds)
    assert len(set(who.attackers)) == len(who.attackers) == 7
    assert set(who.attackers) < set(who.lan)


def test_seeds_mix_devices_differently() -> None:
    assert len({cast(seed) for seed in range(20)}) > 15


def test_names_resolve_to_addresses_mostly_after_a_question(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        for _ in range(12):
            assert await resolve(scene, scene.hosts["sensor1"], "api") == scene.hosts["api"].ip

    rows = play(act)
    assert 0 < len(rows) < 12
    assert {(row.proto, row.activity, row.family) for row in rows} == {("udp", "dns lookup", "benign")}


def test_several_requests_share_one_flow_and_statuses_come_back(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        targets = [("GET", "/", b""), ("GET", "/nothing", b""), ("POST", "/login", b"user=admin&password=wrong")]
        hub = scene.hosts["hub"].ip
        statuses = await fetch(scene, scene.hosts["person1"], hub, scene.ports["web"], targets, Intent("page"))
        assert statuses == [200, 404, 401]
        assert await fetch(scene, scene.hosts["person1"], hub, 1, targets, Intent("refused")) == []

    assert [row.activity for row in play(act)] == ["page", "refused"]
