from pathlib import Path

import pytest

from redshank.core.errors import BundleError
from redshank.detect.default import FOLDER, default_bundle


def test_default_bundle_is_the_folder_beside_the_detectors(tmp_path: Path) -> None:
    assert default_bundle(tmp_path) == tmp_path
    assert FOLDER.parts[-4:] == ("redshank", "detect", "bundles", "default")


def test_installation_without_a_default_bundle_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"none at .*/nowhere; train one with `redshank train` and name it with -m"):
        default_bundle(tmp_path / "nowhere")
