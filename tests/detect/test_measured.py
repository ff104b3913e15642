from pathlib import Path

import pytest

from redshank.core.errors import BundleError
from redshank.detect.measured import Measured
from redshank.detect.shelf import Shelf


def test_what_was_measured_is_read_again_and_counts_for_the_same_graph_alone(tmp_path: Path) -> None:
    assert Measured.load(tmp_path, "home", "aa") is None
    one = Measured("home", "aa", "lab: 90 test rows", 5.0, {"flows_per_s": 1.0})
    one.save(tmp_path)
    assert Measured.load(tmp_path, "home", "aa") == one
    assert Measured.load(tmp_path, "home", "bb") is None
    assert Shelf(tmp_path).names() == []


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "home"}'])
def test_a_file_that_is_none_of_ours_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "home.measured.json").write_text(text)
    with pytest.raises(BundleError, match=r"home\.measured\.json: is no evaluation; remove it, and measure the bundle"):
        Measured.load(tmp_path, "home", "aa")
