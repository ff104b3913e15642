from collections import Counter
from pathlib import Path

import pytest

from published import stand_in
from redshank.data.dataset import read
from redshank.data.datasets.nsl_kdd import CLASSES, COLUMNS, TEST, TRAIN, NslKdd

NORMAL = {"protocol_type": "tcp", "service": "http", "flag": "SF", "logged_in": "1", "class": "normal"}
NEPTUNE = {"protocol_type": "tcp", "service": "private", "flag": "S0", "serror_rate": "1.00", "class": "neptune"}
WORM = {"protocol_type": "tcp", "service": "other", "flag": "REJ", "class": "worm", "difficulty": "3"}


def example(place: Path) -> NslKdd:
    """Write a training file of two rows and a test file of one into the folder `place`."""
    return NslKdd(files=(stand_in(place, TRAIN, [NORMAL, NEPTUNE], CLASSES), stand_in(place, TEST, [WORM], CLASSES)))


def test_an_attack_is_of_one_of_four_families(tmp_path: Path) -> None:
    labelled = example(tmp_path).load(tmp_path)
    assert labelled.family.tolist() == ["benign", "dos", "dos"]
    assert Counter(CLASSES.values()) == {"benign": 1, "dos": 11, "probe": 6, "r2l": 15, "u2r": 7}


def test_the_difficulty_is_left_out_because_it_is_made_from_the_labels(tmp_path: Path) -> None:
    labelled = example(tmp_path).load(tmp_path)
    assert labelled.own is not None
    assert labelled.own.table.column_names == list(COLUMNS[:-2])
    assert labelled.own.table["logged_in"].to_pylist() == [True, False, False]


@pytest.mark.data
def test_the_official_split_has_the_published_sizes(data: Path) -> None:
    labelled = read("nsl_kdd", data / "data" / "nsl_kdd")
    assert labelled.official is not None
    assert Counter(labelled.official.tolist()) == {"train": 125_973, "test": 22_544}
    assert Counter(labelled.family[labelled.official == "test"].tolist()) == TEST.counts
