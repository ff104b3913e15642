import json
from pathlib import Path

import pytest

from redshank.config import Settings
from redshank.console.facts.benign import ranges, usual
from redshank.core.bundle import Bundle
from redshank.detect.default import default_bundle


def test_the_bundle_that_judged_knows_benign_traffic() -> None:
    name = Bundle.load(default_bundle()).manifest.name
    low, middle, high = ranges(Settings(), name)["dst_bytes"]
    assert low <= middle < high
    assert ranges(Settings(), "a bundle that is gone") == {}
    assert "dst_bytes" in usual(Settings())


@pytest.mark.parametrize(
    "text", ["", "[]", '{"name": "x"}', '{"name": "x", "calibration": {"benign_quantiles": {"a": [1]}}}']
)
def test_a_damaged_manifest_leaves_no_ranges(tmp_path: Path, text: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    assert ranges(Settings(detect={"bundle": tmp_path}), "x") == {}  # type: ignore[arg-type]  # as a file gives it


def test_bundles_of_a_shelf_are_looked_through(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        manifest = {"name": name, "calibration": {"benign_quantiles": {"a": [1, 2, len(name)]}}}
        (tmp_path / name / "manifest.json").write_text(json.dumps(manifest))
    assert ranges(Settings(detect={"models": tmp_path}), "two") == {"a": (1.0, 2.0, 3.0)}  # type: ignore[arg-type]  # as above
    assert usual(Settings(detectors={"anomaly": {"bundle": str(tmp_path / "one")}})) == {"a": (1.0, 2.0, 3.0)}
