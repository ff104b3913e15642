from collections import Counter
from collections.abc import Callable
from typing import Any

from redshank.lab.scene import Scene


def test_files_are_read_and_rewritten_one_by_one(attack: Callable[..., Any], scene: Scene) -> None:
    rows = attack("ransomware", "single", "nas")
    activities = Counter(row.activity for row in rows)
    assert activities["file listing"] == 1
    assert activities["bulk read"] == activities["bulk rewrite"] >= 3
    assert {(row.dst_ip, row.family) for row in rows} == {(scene.hosts["nas"].ip, "ransomware")}


def test_or_several_in_one_flow(attack: Callable[..., Any]) -> None:
    assert Counter(row.activity for row in attack("ransomware", "batch", "nas"))["bulk read and rewrite"] >= 3
