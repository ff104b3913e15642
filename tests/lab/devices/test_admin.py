from collections.abc import Callable
from typing import Any

from redshank.lab.devices import admin
from redshank.lab.host import Intent
from redshank.lab.scene import Scene


async def talk(scene: Scene, *lines: str) -> str:
    host, address = scene.hosts["person1"], scene.hosts["hub"].ip
    async with host.connect(address, scene.ports["admin"], Intent("talk")) as (reader, writer):
        for line in lines:
            writer.write(f"{line}\r\n".encode())
        return (await reader.read(-1)).decode()


def test_the_right_password_opens_and_commands_are_answered(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        said = await talk(scene, "admin", "wrong", "admin", scene.passwords["admin"], "uptime", "exit")
        assert said.startswith(
            "hub admin console\r\nlogin: password: login incorrect\r\nlogin: password: $ uptime: done"
        )

    play(act)


def test_three_wrong_passwords_end_the_flow(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        said = await talk(scene, *("root", "x") * 3, "uptime")
        assert said.count("login incorrect") == 3
        assert "uptime" not in said

    play(act)


def test_a_line_without_end_opens_nothing(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        assert "$" not in await talk(scene, "a" * 100_000)

    play(act)


def test_people_visit(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        await admin.visit(scene, scene.hosts["person1"], "nas")

    assert play(act)[-1].activity == "admin console"
