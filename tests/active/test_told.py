from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from questions import ASKED_S, answer, questions, store
from redshank.active.told import classes, flows_with_families, told
from redshank.core.errors import ConfigError
from redshank.core.records import UNSURE
from redshank.data.datasets.flows import Flows
from redshank.features.feature_set import FEATURE_SETS

NOW_S = ASKED_S + 1000


def test_labelled_flows_are_rows_of_the_feature_set_that_is_wanted(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    one, two, three, four, *_ = queue.questions()
    queue.tell([answer(one, "benign"), answer(two, "worm"), answer(two, "worm", "ben"), answer(three, UNSURE)])
    queue.tell([answer(four, "dos", expires_at_s=ASKED_S + 100)])
    found = told(queue, "conn_any_stack", NOW_S)
    assert found.x.shape == (6, len(FEATURE_SETS.find("conn_any_stack").columns))
    assert found.labelled.tolist() == [0, 1]
    assert found.classes(("benign", "dos")).tolist() == [0, 2]
    assert [len(labels) for labels in found.labels] == [1, 2, 1, 0, 0, 0]
    assert found.share.tolist() == [1, 1, 0, 0, 0, 0]
    same = told(queue, "conn", NOW_S)
    assert np.array_equal(same.x, np.stack([one.values for one in queue.questions()]), equal_nan=True)


def test_what_a_set_that_remembers_saw_is_taken_as_it_was(tmp_path: Path) -> None:
    window = FEATURE_SETS.find("host_window")
    row = np.arange(window.steps * len(window.columns), dtype=np.float32)
    seen, old = questions(("dos", "benign"))
    queue = store(
        tmp_path / "s",
        replace(seen, feature_set="host_window", fingerprint=window.fingerprint(), x=row.tobytes()),
        replace(old, feature_set="host_window", fingerprint="0" * 16),
    )
    found = told(queue, "host_window", NOW_S)
    assert found.x.tolist() == [row.tolist()]
    assert found.lost == 1


def test_an_empty_store_has_rows_of_full_width(tmp_path: Path) -> None:
    (only,) = questions(("dos",))
    queue = store(tmp_path / "s", replace(only, feature_set="host_window"))
    window = FEATURE_SETS.find("host_window")
    assert told(queue, "host_window", NOW_S).x.shape == (0, window.steps * len(window.columns))


def test_families_that_a_bundle_does_not_know_stand_beyond_its_classes() -> None:
    assert classes(["zebra", "dos", "aardvark"], ["benign", "dos"]).tolist() == [3, 1, 2]
    assert classes([], ["benign", "dos"]).tolist() == []


def test_an_export_is_a_dataset(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    queue.tell([answer(one, family) for one, family in zip(queue.questions(), ("benign", "dos", "dos"), strict=False)])
    assert flows_with_families(queue, tmp_path / "out.parquet", NOW_S) == {"dos": 2, "benign": 1}
    read = Flows().load(tmp_path / "out.parquet")
    assert read.family.tolist() == ["benign", "dos", "dos"]
    assert read.flows.column("uid").to_pylist() == [one.uid for one in queue.questions()[:3]]


def test_an_export_of_nothing_or_to_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    queue = store(tmp_path / "s")
    with pytest.raises(ConfigError, match="no flow has a label yet"):
        flows_with_families(queue, tmp_path / "out.parquet", NOW_S)
    with pytest.raises(ConfigError, match="out.xlsx' is no .parquet file"):
        flows_with_families(queue, tmp_path / "out.xlsx", NOW_S)
