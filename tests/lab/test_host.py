import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from redshank.core.errors import ActionError
from redshank.lab import packets
from redshank.lab.host import EPHEMERAL, Host, Intent, reset_on_close
from redshank.lab.scene import Scene

WHY = Intent("a try", "dos")


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    await writer.drain()


def test_a_flow_is_journaled_with_the_port_it_really_had(play: Callable[..., Any]) -> None:
    seen: list[tuple[str, int]] = []

    async def note_peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(writer.get_extra_info("peername"))
        await echo(reader, writer)

    async def act(scene: Scene) -> None:
        await scene.hosts["hub"].serve(29000, note_peer)
        async with scene.hosts["sensor1"].connect(scene.hosts["hub"].ip, 29000, WHY) as (reader, writer):
            writer.write(b"hello\n")
            assert await reader.readline() == b"hello\n"

    row = play(act)[-1]
    assert [(row.src_ip, row.src_port)] == seen
    assert (row.proto, row.dst_port, row.family, row.activity) == ("tcp", 29000, "dos", "a try")
    assert row.start_s <= row.end_s


def test_a_refused_flow_is_journaled_too(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        with pytest.raises(ConnectionRefusedError):
            async with scene.hosts["sensor1"].connect(scene.hosts["hub"].ip, 29001, WHY):
                pass

    assert play(act)[-1].dst_port == 29001


def test_datagrams_are_answered_in_one_flow(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        await scene.hosts["hub"].answer(29002, lambda data: data[::-1] if data != b"quiet" else None)
        sensor, hub = scene.hosts["sensor1"], scene.hosts["hub"].ip
        assert await sensor.exchange(hub, 29002, [b"ab", b"cd"], WHY) == b"dc"
        assert await sensor.exchange(hub, 29002, [b"quiet"], WHY, timeout_s=0.05) is None
        assert await sensor.exchange(hub, 29002, [b"ab"] * 3, WHY, timeout_s=0) is None
        with pytest.raises(ConnectionRefusedError):
            await sensor.exchange(hub, 29003, [b"ab"], WHY)

    assert [row.proto for row in play(act)] == ["udp"] * 4


def test_every_way_to_send_refuses_a_target_outside_the_arena(play: Callable[..., Any]) -> None:
    outside = "192.0.2.1"

    async def act(scene: Scene) -> None:
        host = scene.hosts["sensor1"]
        with pytest.raises(ActionError, match=f"target '{outside}' is outside this lab"):
            async with host.connect(outside, 80, WHY):
                pass
        with pytest.raises(ActionError, match=f"target '{outside}' is outside this lab"):
            await host.exchange(outside, 80, [b"x"], WHY)
        with pytest.raises(ActionError, match=f"target '{outside}' is outside this lab"):
            await Host.ping(host, outside, 1, 0.0, WHY)
        with host.raw_ip() as raw:
            with pytest.raises(ActionError, match=f"target '{outside}' is outside this lab"):
                Host.send_ip(host, raw, packets.ipv4(host.ip, outside, 6, b"", ident=1))
            with pytest.raises(ActionError, match=f"may not send as '{outside}'"):
                Host.send_ip(host, raw, packets.ipv4(outside, host.ip, 6, b"", ident=1))
            mac = "02:00:00:00:00:01"
            with pytest.raises(ActionError, match=f"target '{outside}' is outside this lab"):
                Host.send_arp(host, raw, packets.arp_reply(mac, (outside, mac), (host.ip, mac)))
            with pytest.raises(ActionError, match=f"target '{outside}' is outside this lab"):
                Host.send_arp(host, raw, packets.arp_reply(mac, (host.ip, mac), (outside, mac)))

    assert play(act) == []


def test_every_socket_is_made_inside_the_namespace(scene: Scene) -> None:
    entered: list[str] = []

    @contextmanager
    def enter() -> Iterator[None]:
        entered.append("in")
        yield
        entered.append("out")

    plain = scene.hosts["hub"]
    host = Host("probe", (plain.ip,), arena=plain.arena, journal=scene.journal, enter=enter, seed=1)
    host.make_socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    assert entered == ["in", "out"]


def test_a_device_without_ipv6_says_so(play: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(scene: Scene) -> None:
        host = scene.hosts["sensor1"]
        monkeypatch.setattr(type(host.arena), "check", lambda _, target: target)
        with pytest.raises(ActionError, match="sensor1 has no IPv6 address to reach 'fd00::1' from"):
            await host.exchange("fd00::1", 80, [b"x"], WHY)

    assert play(act) == []


def test_ports_do_not_repeat_before_all_were_used(scene: Scene) -> None:
    host = scene.hosts["hub"]
    ports = [host.port() for _ in EPHEMERAL]
    assert sorted(ports) == list(EPHEMERAL)
    assert host.port() == ports[0]


def test_a_port_that_is_taken_is_passed_over(play: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    async def act(scene: Scene) -> None:
        host, hub = scene.hosts["sensor1"], scene.hosts["hub"]
        await hub.serve(29004, echo)
        with host.make_socket(socket.AF_INET, socket.SOCK_STREAM) as taken:
            taken.bind((host.ip, 0))
            ports = iter([taken.getsockname()[1], 0])
            monkeypatch.setattr(host, "port", lambda: next(ports))
            async with host.connect(hub.ip, 29004, WHY) as (_, writer):
                writer.write(b"\n")

    assert play(act)[-1].dst_port == 29004


def test_an_abrupt_end_is_a_reset(play: Callable[..., Any]) -> None:
    ends: list[str] = []

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del writer
        try:
            await reader.read(1)
            ends.append("farewell")
        except ConnectionResetError as error:
            ends.append(errno.errorcode[error.errno or 0])

    async def act(scene: Scene) -> None:
        hub = scene.hosts["hub"]
        await hub.serve(29005, wait)
        for abrupt in (False, True):
            async with scene.hosts["sensor1"].connect(hub.ip, 29005, WHY) as (_, writer):
                if abrupt:
                    reset_on_close(writer)
            await asyncio.sleep(2)

    play(act)
    assert ends == ["farewell", "ECONNRESET"]
