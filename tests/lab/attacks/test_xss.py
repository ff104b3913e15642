from collections.abc import Callable
from typing import Any

import pytest

from redshank.lab.attacks.xss import MARKERS
from redshank.lab.scene import Scene


@pytest.mark.parametrize("variant", ["get", "post"])
def test_markers_reach_the_application_and_are_labeled(attack: Callable[..., Any], scene: Scene, variant: str) -> None:
    rows = attack("xss", variant, "hub")
    assert len(rows) >= 3
    assert {(row.dst_ip, row.dst_port) for row in rows} == {(scene.hosts["hub"].ip, scene.ports["web"])}
    assert {(row.family, row.activity) for row in rows} == {("xss", f"xss by {variant}")}


def test_markers_are_inert() -> None:
    assert all("marker" in marker for marker in MARKERS)
    assert not any("http" in marker or "cookie" in marker for marker in MARKERS)
