import json
from collections.abc import Callable
from typing import Any

from redshank.lab.devices import sensors
from redshank.lab.scene import Scene


def test_a_reading_is_json_and_varies_in_size(scene: Scene) -> None:
    readings = [sensors.reading(scene.hosts["sensor1"]) for _ in range(20)]
    assert all(json.loads(reading)["id"] == "sensor1" for reading in readings)
    assert len({len(reading) for reading in readings}) > 3


def test_a_session_publishes_everything_and_says_goodbye(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        for messages in (2, 14):
            await sensors.session(scene, scene.hosts["sensor2"], messages, 0.2, subscribe="home/#")

    activities = [row.activity for row in play(act) if row.proto == "tcp"]
    assert activities[-1] == "mqtt telemetry"
    assert "mqtt short session" in activities


def test_a_broker_that_is_away_is_tried_again_later(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        scene.hosts["broker"].close()
        await sensors.session(scene, scene.hosts["sensor2"], 2, 0.2)

    assert play(act)[-1].dst_port == 21883


def test_sensors_and_watchers_go_on_and_on(live: Callable[..., Any]) -> None:
    rows = live(lambda scene: sensors.run(scene, scene.hosts["sensor1"]), 1.0)
    assert sum(row.proto == "tcp" for row in rows) >= 2


def test_a_watcher_subscribes_again_and_again(live: Callable[..., Any]) -> None:
    rows = live(lambda scene: sensors.watch(scene, scene.hosts["hub"]), 1.0)
    assert sum(row.proto == "tcp" for row in rows) >= 2
