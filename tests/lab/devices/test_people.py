from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from redshank.lab.devices import people
from redshank.lab.host import Host
from redshank.lab.scene import Scene

HABITS = [
    (people.browse, {"web page"}),
    (people.log_in, {"web login"}),
    (people.use_form, {"web form"}),
    (people.keep_files, {"files"}),
    (people.back_up, {"backup"}),
    (people.surf, {"upstream site"}),
]


@pytest.mark.parametrize(("habit", "activities"), HABITS)
def test_a_habit_starts_flows_of_its_kind(
    play: Callable[..., Any], habit: Callable[[Scene, Host], Awaitable[None]], activities: set[str]
) -> None:
    rows = play(lambda scene: habit(scene, scene.hosts["person1"]))
    assert {row.activity for row in rows if row.proto == "tcp"} == activities
    assert {row.family for row in rows} == {"benign"}


def test_people_mistype_now_and_then_and_get_in_at_last(play: Callable[..., Any]) -> None:
    tries = []

    async def act(scene: Scene) -> None:
        for _ in range(12):
            before = len(scene.journal.rows())
            await people.log_in(scene, scene.hosts["person1"])
            tries.append(sum(row.activity == "web login" for row in scene.journal.rows()[before:]))

    play(act)
    assert min(tries) == 1
    assert max(tries) > 1


def test_a_person_does_many_things(live: Callable[..., Any]) -> None:
    rows = live(lambda scene: people.run(scene, scene.hosts["person2"]), 1.2)
    assert len({row.activity for row in rows}) >= 5


def test_people_look_around_and_after(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        for _ in range(14):
            await people.look_after(scene, scene.hosts["person1"])
        for _ in range(3):
            await people.look_around(scene, scene.hosts["person1"])

    activities = {row.activity for row in play(act)}
    assert {"camera picture", "thermostat over http", "admin console", "mqtt short session"} <= activities
