from collections.abc import Callable
from typing import Any

import pytest

from redshank.lab.scene import Scene


@pytest.mark.parametrize(
    ("variant", "victim", "service", "proto"),
    [
        ("syn", "hub", "web", "tcp"),
        ("syn", "broker", "mqtt", "tcp"),
        ("http", "hub", "web", "tcp"),
        ("udp", "coap1", "coap", "udp"),
    ],
)
def test_one_device_floods_one_service(
    attack: Callable[..., Any], scene: Scene, variant: str, victim: str, service: str, proto: str
) -> None:
    rows = attack("dos", variant, victim)
    assert len(rows) >= 7
    assert {(row.src_ip, row.dst_ip, row.dst_port, row.proto) for row in rows} == {
        (scene.hosts["sensor1"].ip, scene.hosts[victim].ip, scene.ports[service], proto)
    }
    assert len({row.src_port for row in rows}) == len(rows)
