from collections.abc import Callable
from typing import Any

import pytest

from redshank.lab.attacks import mitm
from redshank.lab.host import Intent
from redshank.lab.scene import Scene


class Wire:
    """A network whose ARP table believes the last reply it was sent."""

    def __init__(self, scene: Scene, sent: Callable[[str], list[bytes]]) -> None:
        self.scene = scene
        self.sent = sent
        self.switched: list[tuple[str, bool]] = []
        self.scene.macs = {name: f"02:00:00:00:00:{number:02x}" for number, name in enumerate(scene.cast.lan)}

    def neighbors(self, name: str) -> dict[str, str]:
        victim = self.scene.macs[name].replace(":", "")
        told = [frame for frame in self.sent("sensor1") if frame[:6].hex() == victim]
        return {".".join(map(str, frame[28:32])): frame[22:28].hex(":") for frame in told}

    def forward(self, name: str, on: bool) -> None:  # noqa: FBT001  the value of a switch
        self.switched.append((name, on))


def test_a_path_is_spoofed_noted_and_put_right_again(
    attack: Callable[..., Any],
    scene: Scene,
    sent: Callable[[str], list[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(mitm, "LENGTH_S", (2.0, 2.0))
    wire = Wire(scene, sent)
    scene.neighbors, scene.forward = wire.neighbors, wire.forward
    hub, gateway = scene.hosts["hub"], scene.hosts["gateway"]
    seen = []

    def watch(name: str) -> dict[str, str]:
        table = wire.neighbors(name)
        seen.append(table.get(gateway.ip))
        row = hub.note("udp", (hub.ip, len(seen)), (gateway.ip, 53), Intent("dns lookup"))
        scene.journal.end(row)
        return table

    scene.neighbors = watch
    families = [row.family for row in attack("mitm", "gateway", "hub")]
    assert families[1] == "mitm"
    assert seen[0] == scene.macs["sensor1"]
    assert seen[-1] == scene.macs["gateway"]
    assert wire.switched == [("sensor1", True), ("sensor1", False)]
    assert scene.journal._spoofings[0].end_s < float("inf")


def test_without_a_real_network_nothing_happens(attack: Callable[..., Any]) -> None:
    assert attack("mitm", "gateway", "hub") == []
