from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from partitions import each, labelled, rows_of
from redshank.core.errors import ConfigError
from redshank.data.parts import OTHER_FAMILY
from redshank.data.protocol import partition
from redshank.data.protocols.cross import Cross

TARGET = labelled(150, seed=50, name="elsewhere", families=("benign", "dos", "worm"))


def example(place: Path) -> Cross:
    del place
    return Cross(target=TARGET)


def test_one_dataset_trains_and_the_other_tests() -> None:
    data = labelled()
    parts = partition(data, protocol="cross", task="binary", target=TARGET)
    assert rows_of(parts.test) == list(range(400, 550))
    assert sorted(row for part in each(parts)[:3] for row in rows_of(part)) == list(range(400))
    assert parts.notes["rows_of_datasets"] == {"train": 400, "test": 150}
    assert parts.settings == {"target": "elsewhere"}
    assert any(TARGET.sha256 in note for note in parts.notes["dataset"])


def test_nothing_of_the_target_changes_what_is_trained_on() -> None:
    other = labelled(90, seed=51, name="third")
    one, two = (partition(labelled(), protocol="cross", task="family", target=target) for target in (TARGET, other))
    for a, b in zip(each(one)[:3], each(two)[:3], strict=True):
        np.testing.assert_array_equal(a.x, b.x)
        np.testing.assert_array_equal(a.row, b.row)
    assert one.classes == two.classes == ("benign", "dos", "scanning")


def test_a_family_of_the_target_alone_is_another_family() -> None:
    parts = partition(labelled(), protocol="cross", task="family", target=TARGET)
    names = parts.families(parts.test)
    assert set(names[parts.test.y == OTHER_FAMILY]) == {"worm"}
    assert parts.notes["families_without_training_rows"] == {"worm": int((TARGET.family == "worm").sum())}


def test_captures_tell_the_datasets_apart() -> None:
    parts = partition(labelled(), protocol="cross", task="binary", target=replace(TARGET, capture=None))
    names = parts.groups["capture"].names
    assert {names[at] for at in parts.groups["capture"].number[rows_of(parts.test)]} == {"elsewhere"}


def test_a_target_without_attacks_still_tests_false_alarms() -> None:
    quiet = replace(TARGET, family=np.full(150, "benign"))
    parts = partition(labelled(), protocol="cross", task="binary", target=quiet)
    assert set(parts.test.y.tolist()) == {0}


def test_the_same_dataset_is_no_target() -> None:
    with pytest.raises(ConfigError, match="protocol cross: target: 'drawn' is the very dataset that trains"):
        partition(labelled(), protocol="cross", task="binary", target=labelled())


def test_an_unknown_target_is_named() -> None:
    with pytest.raises(ConfigError, match=r"dataset: no 'lap'; did you mean 'lab'\?"):
        partition(labelled(), protocol="cross", task="binary", target="lap")
