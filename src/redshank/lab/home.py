"""A whole home comes to life: all servers, and what each device does all day.

In: a scene. Out: its servers running, and one task per habit of each device.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from redshank.lab.devices import admin, camera, files, gateway, people, push, sensors, thermostat, upkeep, web
from redshank.lab.scene import UPSTREAM, Scene


async def open_services(scene: Scene) -> None:
    """Start every server except the broker, which is a program of its own."""
    hosts, cast = scene.hosts, scene.cast
    await gateway.run(scene)
    await web.run(scene, hosts["hub"])
    await files.run(scene, hosts["nas"])
    for name in ("hub", "nas"):
        await admin.run(scene, hosts[name])
    for name in cast.cameras:
        await camera.run(scene, hosts[name])
    for name in cast.thermostats:
        await thermostat.run_http(scene, hosts[name])
    for name in cast.coaps:
        await thermostat.run_coap(scene, hosts[name])
    for name in UPSTREAM:
        if name != "control":
            await web.run_site(scene, hosts[name])
    await push.run(scene, hosts["api"])


def habits(scene: Scene) -> list[Coroutine[Any, Any, None]]:
    """Return what each device does all day, ready to be run."""
    hosts, cast = scene.hosts, scene.cast
    living = [hosts[name] for name in cast.lan if name not in ("gateway", "broker")]
    running: list[Coroutine[Any, Any, None]] = []
    for host in living:
        running += [upkeep.keep_time(scene, host), upkeep.report(scene, host), upkeep.update(scene, host)]
        running += [upkeep.ping_peers(scene, host), upkeep.stray_lookups(scene, host)]
    running += [sensors.run(scene, hosts[name]) for name in cast.sensors]
    running += [people.run(scene, hosts[name]) for name in cast.people]
    running += [thermostat.poll_all(scene, hosts["hub"]), sensors.watch(scene, hosts["hub"])]
    running += [push.listen(scene, hosts[name]) for name in (*cast.sensors, *cast.cameras, *cast.people)]
    running += [upkeep.check_services(scene, hosts[name]) for name in ("hub", "nas")]
    return running


async def live(scene: Scene) -> None:
    """Run all habits until cancelled; a habit that fails ends the lab, for it is a fault of ours."""
    async with asyncio.TaskGroup() as group:
        for habit in habits(scene):
            group.create_task(habit)
