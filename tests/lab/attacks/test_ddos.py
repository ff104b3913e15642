from collections.abc import Callable
from typing import Any

import pytest

from redshank.lab.scene import Scene

ATTACKERS = ("sensor1", "camera1", "coap1")


@pytest.mark.parametrize(
    ("variant", "victim", "service"), [("ack", "nas", "files"), ("udp", "gateway", "ntp"), ("http", "hub", "web")]
)
def test_several_devices_flood_one_service_at_once(
    attack: Callable[..., Any], scene: Scene, variant: str, victim: str, service: str
) -> None:
    rows = attack("ddos", variant, victim, ATTACKERS)
    assert {row.src_ip for row in rows} == {scene.hosts[name].ip for name in ATTACKERS}
    assert {(row.dst_ip, row.dst_port) for row in rows} == {(scene.hosts[victim].ip, scene.ports[service])}
    first = [next(n for n, row in enumerate(rows) if row.src_ip == scene.hosts[name].ip) for name in ATTACKERS]
    assert max(first) < len(rows) / 2


def test_hand_made_segments_only_acknowledge(attack: Callable[..., Any], sent: Callable[[str], list[bytes]]) -> None:
    attack("ddos", "ack", "hub", ATTACKERS)
    for name in ATTACKERS:
        assert {packet[33] for packet in sent(name)} == {0x10}
