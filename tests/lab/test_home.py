from collections.abc import Callable
from typing import Any

from redshank.lab import home
from redshank.lab.scene import Scene


def test_a_home_that_lives_starts_everyday_flows_of_many_kinds_and_only_those(live: Callable[..., Any]) -> None:
    rows = live(home.live, 5.0)  # three seconds are too few where a machine is busy
    activities = {row.activity for row in rows}
    assert {row.family for row in rows} == {"benign"}
    assert {
        "dns lookup",
        "ntp",
        "mqtt short session",
        "thermostat over coap",
        "web page",
        "push messages",
    } <= activities
    assert len(rows) > 200


def test_nobody_but_the_servers_keeps_still(scene: Scene) -> None:
    habits = home.habits(scene)
    assert len(habits) >= 5 * (len(scene.cast.lan) - 2)
    for habit in habits:
        habit.close()
