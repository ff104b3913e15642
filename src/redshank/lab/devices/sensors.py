"""Sensors that publish telemetry over MQTT, and subscribers that read it.

In: a device. Out: long sessions with keep-alive and reconnects, or short ones, at irregular intervals until cancelled.
"""

import asyncio
from contextlib import suppress

from redshank.lab.host import Host, Intent
from redshank.lab.protocols import mqtt
from redshank.lab.scene import Scene, resolve

KEEP_ALIVE_S = 20
SECURE_PORT = 8883


def reading(host: Host) -> bytes:
    """Return one telemetry message; sizes vary between devices and over time."""
    values = ",".join(f'"c{n}":{host.rng.gauss(20, 5):.2f}' for n in range(host.rng.randint(1, 9)))
    return f'{{"id":"{host.name}",{values}}}'.encode()


async def _open(scene: Scene, host: Host, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    password = scene.passwords["device"]
    if host.rng.random() < 0.01:
        # A device with an old password after a change: benign, and the broker refuses it.
        password = "old-staple"  # noqa: S105  made up
    writer.write(mqtt.connect(f"{host.name}-{host.rng.randrange(10**6)}", "device", password, KEEP_ALIVE_S))
    answer = await mqtt.read(reader)
    return answer is not None and answer.kind == mqtt.CONNACK and answer.body[1:2] == b"\0"


async def _acknowledge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while (packet := await mqtt.read(reader)) is not None:
        answer = mqtt.puback(packet) if packet.kind == mqtt.PUBLISH else None
        if answer is not None:
            writer.write(answer)


async def session(scene: Scene, host: Host, messages: int, gap_s: float, *, subscribe: str = "") -> None:
    """Connect, publish some messages, say goodbye.

    Args:
        scene: For the broker.
        host: The device.
        messages: How many.
        gap_s: Mean time between them.
        subscribe: Also subscribe to this topic filter.
    """
    address = await resolve(scene, host, "broker")
    if host.rng.random() < 0.06:
        # Some firmware tries the encrypted port first; this broker has none, and refuses.
        with suppress(OSError, TimeoutError):
            async with host.connect(address, SECURE_PORT, Intent("mqtt over tls, refused")):
                return
    activity = "mqtt telemetry" if messages > 3 else "mqtt short session"
    with suppress(OSError, TimeoutError):
        async with host.connect(address, scene.ports["mqtt"], Intent(activity)) as (reader, writer):
            if not await _open(scene, host, reader, writer):
                return
            listening = asyncio.create_task(_acknowledge(reader, writer))
            try:
                if subscribe:
                    writer.write(mqtt.subscribe(1, subscribe, host.rng.choice((0, 1))))
                qos1 = host.rng.random() < 0.5
                for number in range(1, messages + 1):
                    topic = f"home/{host.name}/state"
                    writer.write(mqtt.publish(topic, reading(host), ident=number if qos1 else 0))
                    if number % 12 == 0:
                        writer.write(mqtt.encode(mqtt.PINGREQ))
                    await writer.drain()
                    await asyncio.sleep(host.rng.expovariate(1 / gap_s))
                writer.write(mqtt.encode(mqtt.DISCONNECT))
                await writer.drain()
            finally:
                listening.cancel()


async def run(scene: Scene, host: Host) -> None:
    """Be a sensor: mostly long sessions, or mostly short ones, by character."""
    patient = host.rng.random() < 0.5
    await asyncio.sleep(host.rng.uniform(0, 3))
    while True:
        if host.rng.random() < (0.7 if patient else 0.06):
            await session(scene, host, host.rng.randint(8, 40), 0.8, subscribe=f"home/{host.name}/set")
            await asyncio.sleep(host.rng.uniform(0.2, 2))
        else:
            await session(scene, host, host.rng.randint(1, 3), 0.05)
            await asyncio.sleep(host.rng.lognormvariate(0.5, 0.5))


async def watch(scene: Scene, host: Host) -> None:
    """Subscribe to everybody's telemetry for a while, again and again."""
    while True:
        await session(scene, host, host.rng.randint(2, 12), 1.2, subscribe="home/+/state")
        await asyncio.sleep(host.rng.uniform(0.5, 8))
