from pathlib import Path

import pytest

from redshank.core.bundle import Bundle
from redshank.core.errors import BundleError
from redshank.detect.default import FOLDER, default_bundle
from redshank.detect.measured import Measured


def test_default_bundle_is_the_folder_beside_the_detectors(tmp_path: Path) -> None:
    assert default_bundle(tmp_path) == tmp_path
    assert FOLDER.parts[-4:] == ("redshank", "detect", "bundles", "default")


def test_what_was_measured_of_the_default_bundle_is_of_the_graph_that_ships() -> None:
    measured = Measured.load(FOLDER.parent, FOLDER.name, Bundle.load(FOLDER).manifest.sha256)
    assert measured is not None, "`redshank models measure`, as `make bundle` does"
    assert set(measured.evaluation["task_classes"]) == set(Bundle.load(FOLDER).manifest.classes)
    low, high = measured.evaluation["intervals"]["macro_f1"]
    assert 0 < low < measured.evaluation["vector"]["headline"]["macro_f1"] < high < 1


def test_installation_without_a_default_bundle_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"none at .*/nowhere; train one with `redshank train` and name it with -m"):
        default_bundle(tmp_path / "nowhere")
