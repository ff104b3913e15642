from pathlib import Path

import pytest

from redshank.lab import LEARN, UNSEEN
from redshank.lab.record import ABOUT, CAPTURE, LABELS


@pytest.mark.parametrize("folder", [LEARN, UNSEEN], ids=["learn", "unseen"])
def test_a_recording_comes_with_the_package(folder: Path) -> None:
    assert sorted(file.name for file in folder.iterdir()) == [CAPTURE, LABELS, ABOUT]
