from collections.abc import Callable
from typing import Any

from redshank.lab.devices.files import MAX_FILES, Shelf
from redshank.lab.host import Intent
from redshank.lab.scene import Scene, fetch


def test_files_are_listed_read_and_rewritten() -> None:
    shelf = Shelf([5, 25])
    assert shelf.respond("GET", "/files", b"") == (200, b"/files/0\n/files/1")
    assert shelf.respond("GET", "/files/1", b"") == (200, b"some text some text some ")
    assert shelf.respond("PUT", "/files/1", b"new") == (201, b"stored")
    assert shelf.respond("GET", "/files/1", b"") == (200, b"new")
    assert shelf.respond("GET", "/files/9", b"")[0] == 404


def test_the_shelf_does_not_grow_without_bound() -> None:
    shelf = Shelf([1])
    for number in range(MAX_FILES * 2):
        shelf.respond("PUT", f"/files/x{number}", b"")
    assert len(shelf.names()) == MAX_FILES


def test_files_are_served(play: Callable[..., Any]) -> None:
    async def act(scene: Scene) -> None:
        targets = [("GET", "/files", b""), ("PUT", "/files/a", b"mine"), ("GET", "/files/a", b"")]
        nas = scene.hosts["nas"].ip
        assert await fetch(scene, scene.hosts["person1"], nas, scene.ports["files"], targets, Intent("files")) == [
            200,
            201,
            200,
        ]

    play(act)
