from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from redshank.lab.devices.files import Shelf
from redshank.lab.scene import Scene


@pytest.mark.parametrize("variant", ["single", "batch"])
def test_files_are_rewritten_in_their_own_size(
    attack: Callable[..., Any], scene: Scene, monkeypatch: pytest.MonkeyPatch, variant: str
) -> None:
    seen: list[tuple[str, str, int]] = []
    respond = Shelf.respond

    def watch(shelf: Shelf, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        status, content = respond(shelf, method, target, body)
        seen.append((method, target, len(body or content)))
        return status, content

    monkeypatch.setattr(Shelf, "respond", watch)
    rows = attack("ransomware", variant, "nas")
    activities = Counter(row.activity for row in rows)
    assert activities["file listing"] == 1
    assert {(row.dst_ip, row.family) for row in rows} == {(scene.hosts["nas"].ip, "ransomware")}
    reads, writes = seen[1::2], seen[2::2]
    assert [(path, size) for _, path, size in reads] == [(path, size) for _, path, size in writes]
    assert (len(reads) > activities["bulk rewrite"]) == (variant == "batch")
    assert activities["bulk rewrite"] >= 3
