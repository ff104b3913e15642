from pathlib import Path

import pytest

from labelled import Drawn
from published import CLASSES, FIRST, ROWS, Doors, doors, stand_in
from redshank.data.dataset import DATASETS, find, full_name
from redshank.data.place import place
from redshank.data.tables import Verified
from redshank.data.verify import schema, verify

PUBLISHED = [
    full_name(name, part)
    for name in DATASETS.names()
    if issubclass(DATASETS.find(name), Verified)
    for part in DATASETS.find(name).parts
    if part != "10best"  # nobody here has it
]


def test_a_right_dataset_is_right(tmp_path: Path) -> None:
    found = verify(doors(tmp_path), tmp_path)
    assert found.right
    assert (found.name, found.rows) == ("doors", 3)
    assert found.detail == "hash, columns, class counts, schema of 4 columns"


def test_a_changed_file_is_wrong_by_what_differs(tmp_path: Path) -> None:
    known = doors(tmp_path)
    file = tmp_path / FIRST.name
    file.write_bytes(file.read_bytes() + b"9,udp,open,3,flood,1\n")
    found = verify(known, tmp_path)
    assert not found.right
    assert found.rows is None
    assert "has 4 rows, the nearest release 3; other counts: dos 2 (not 1)" in found.detail


def test_values_that_no_column_can_hold_are_wrong(tmp_path: Path) -> None:
    rows = [*ROWS, {"proto": "xyz", "pkts": "10", "kind": "normal"}]
    found = verify(Doors(files=(stand_in(tmp_path, FIRST, rows, CLASSES),)), tmp_path)
    assert not found.right
    assert "column 'proto' breaks 'isin(['tcp', 'udp'])' (1)" in found.detail
    assert "column 'pkts' breaks 'less_than_or_equal_to(9)' (1)" in found.detail


def test_the_first_range_that_fits_counts(tmp_path: Path) -> None:
    known = doors(tmp_path)
    own = known.load(tmp_path).own
    assert own is not None
    assert schema(known, own) == {
        "at": {"type": "number", "least": 0},
        "proto": {"type": "text", "values": ["tcp", "udp"]},
        "door": {"type": "text"},
        "pkts": {"type": "number", "least": 0, "most": 9},
    }


def test_a_dataset_whose_content_is_not_fixed_is_only_read(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("10 0")
    found = verify(Drawn(), tmp_path / "rows")
    assert (found.right, found.rows, found.detail) == (True, 10, "readable; its content is not fixed")


@pytest.mark.data
@pytest.mark.parametrize("name", PUBLISHED)
def test_the_published_files_are_right(data: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDSHANK_DATA", str(data))
    found = verify(find(name), place(name))
    assert found.right, found.detail
    assert found.rows == sum(find(name).counts.values())
