from collections.abc import Callable
from typing import Any

import pytest

from redshank.lab.attacks.password import USERS, WORDS
from redshank.lab.scene import Scene


@pytest.mark.parametrize(
    ("variant", "victim", "service"), [("web", "hub", "web"), ("mqtt", "broker", "mqtt"), ("admin", "nas", "admin")]
)
def test_guesses_go_to_the_service_and_are_labeled(
    attack: Callable[..., Any], scene: Scene, variant: str, victim: str, service: str
) -> None:
    rows = attack("password", variant, victim)
    assert len(rows) >= 3
    assert {(row.dst_ip, row.dst_port) for row in rows} == {(scene.hosts[victim].ip, scene.ports[service])}
    assert {row.family for row in rows} == {"password"}


def test_no_guess_can_be_right(scene: Scene) -> None:
    assert not any(password.startswith(tuple(WORDS)) for password in scene.passwords.values())
    assert "device" in USERS
