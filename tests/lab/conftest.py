"""A home on loopback addresses: every actor of the lab can be tried without root and without namespaces."""

import asyncio
import ipaddress
import os
import random
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import nullcontext, suppress

import pytest

from redshank.lab import home, packets
from redshank.lab.arena import Arena
from redshank.lab.attack import ATTACKS, Episode
from redshank.lab.attacks import backdoor
from redshank.lab.host import Host, Intent
from redshank.lab.journal import Journal, Row
from redshank.lab.protocols import mqtt
from redshank.lab.scene import PORTS, UPSTREAM, Cast, Scene

Act = Callable[[Scene], Awaitable[None]]
Play = Callable[[Act], list[Row]]
Live = Callable[[Act, float], list[Row]]
Raid = Callable[..., list[Row]]

# Test sessions of other people on this machine have other processes, hence other addresses.
NET = ipaddress.IPv4Network(f"127.{1 + os.getpid() // 250 % 250}.{os.getpid() % 250}.0/24")
CAST = Cast(
    sensors=("sensor1", "sensor2"),
    cameras=("camera1",),
    thermostats=("thermo1",),
    coaps=("coap1",),
    people=("person1", "person2"),
    ipv6=(),
    attackers=("sensor1", "camera1", "person1", "coap1"),
)


class LoopbackHost(Host):
    """A host whose hand-made packets are kept instead of sent: raw sockets need root."""

    def __init__(self, name: str, ip: str, journal: Journal) -> None:
        super().__init__(name, (ip,), arena=Arena((NET,)), journal=journal, enter=nullcontext, seed=7)
        self.sent: list[bytes] = []

    def raw_ip(self) -> socket.socket:
        return self.make_socket(socket.AF_INET, socket.SOCK_DGRAM)

    def raw_link(self, link: str = "eth0") -> socket.socket:
        del link
        return self.make_socket(socket.AF_INET, socket.SOCK_DGRAM)

    def send_ip(self, made: socket.socket, packet: bytes) -> None:
        del made
        self.arena.check(socket.inet_ntoa(packet[16:20]))
        self.sent.append(packet)

    def send_arp(self, made: socket.socket, frame: bytes) -> None:
        del made
        self.sent.append(frame)

    async def ping(self, target: str, count: int, gap_s: float, intent: Intent) -> None:
        row = self.note("icmp", (self.ip, 8), (self.arena.check(target), 0), intent)
        self.sent += [packets.echo(1, number, b"") for number in range(count)]
        await asyncio.sleep(gap_s * 0)
        self.journal.end(row)


async def fake_broker(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be a broker as far as the lab's clients can tell: passwords, acknowledgements, one message to subscribers."""
    hello = await mqtt.read(reader)
    good = hello is not None and hello.body.endswith(b"device\0\x0ebattery-staple")
    writer.write(mqtt.encode(mqtt.CONNACK, b"\0\0" if good else b"\0\5"))
    await writer.drain()
    while good and (packet := await mqtt.read(reader)) is not None:
        if packet.kind == mqtt.SUBSCRIBE:
            writer.write(mqtt.encode(mqtt.SUBACK, packet.body[:2] + b"\0") + mqtt.publish("home/x", b"on", ident=5))
        elif packet.kind == mqtt.PUBLISH and (answer := mqtt.puback(packet)) is not None:
            writer.write(answer)
        elif packet.kind == mqtt.PINGREQ:
            writer.write(mqtt.encode(mqtt.PINGRESP))
        elif packet.kind == mqtt.DISCONNECT:
            return


def _scene() -> Scene:
    journal = Journal()
    names = [*CAST.lan, *UPSTREAM]
    hosts: dict[str, Host] = {
        name: LoopbackHost(name, str(NET[number]), journal) for number, name in enumerate(names, 2)
    }
    ports = {name: 20_000 + port for name, port in PORTS.items()}
    return Scene(CAST, hosts, journal, ports)


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Give a scene on loopback; nothing is served yet."""
    made = _scene()
    yield made
    for host in made.hosts.values():
        host.close()


@pytest.fixture
def play(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Play:
    """Give a function that opens all services, runs one act with short pauses, and closes everything."""
    sleep = asyncio.sleep

    async def nap(delay: float) -> None:
        await sleep(delay / 200)

    monkeypatch.setattr(asyncio, "sleep", nap)

    def run(act: Act) -> list[Row]:
        async def whole() -> None:
            faults: list[str] = []
            asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(str(context)))
            await home.open_services(scene)
            await scene.hosts["broker"].serve(scene.ports["mqtt"], fake_broker)
            await scene.hosts["control"].serve(scene.ports["control"], backdoor.serve)
            try:
                async with asyncio.timeout(30):
                    await act(scene)
            finally:
                for host in scene.hosts.values():
                    host.close()
                await sleep(0.05)
            assert faults == []

        asyncio.run(whole())
        return scene.journal.rows()

    return run


@pytest.fixture
def sent(scene: Scene) -> Callable[[str], list[bytes]]:
    """Give a function that returns the hand-made packets of a host, by its name."""

    def of(name: str) -> list[bytes]:
        host = scene.hosts[name]
        assert isinstance(host, LoopbackHost)
        return host.sent

    return of


@pytest.fixture
def live(play: Play) -> Live:
    """Give a function that lets an endless habit run for a while and returns what it started."""

    def run(habit: Act, seconds: float) -> list[Row]:
        async def act(scene: Scene) -> None:
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await habit(scene)

        return play(act)

    return run


@pytest.fixture
def attack(play: Play) -> Raid:
    """Give a function that runs one small attack and returns what it started."""

    def run(family: str, variant: str, victim: str, attackers: tuple[str, ...] = ("sensor1",)) -> list[Row]:
        episode = Episode(0.0, family, variant, attackers, victim, scale=0.15)

        async def act(scene: Scene) -> None:
            await ATTACKS.find(family)().run(episode, scene, random.Random(7))

        return play(act)

    return run
