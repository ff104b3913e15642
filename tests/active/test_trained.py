from pathlib import Path

import pytest

from bundles import tiny_bundle
from questions import answer, questions
from redshank.active.trained import label_provenance, trained_on
from redshank.core.errors import ConfigError


def test_bundles_that_were_trained_on_a_label_are_named(tmp_path: Path) -> None:
    one, two, *_ = questions()
    labels = [answer(one, "dos"), answer(one, "dos", "ben"), answer(two, "benign")]
    tiny_bundle().save(tmp_path / "first")
    tiny_bundle(provenance={"labels": label_provenance(labels)}).save(tmp_path / "deep" / "second")
    assert trained_on(tmp_path, [labels[2].id], labels) == [("deep/second", 1)]
    assert trained_on(tmp_path, [one.id], labels) == [("deep/second", 2)]
    assert trained_on(tmp_path, ["00ff"], labels) == []


def test_the_digest_is_of_all_labels_in_any_order() -> None:
    one, two, *_ = (answer(question, "dos") for question in questions())
    assert label_provenance([one, two]) == label_provenance([two, one])
    assert label_provenance([one])["sha256"] != label_provenance([one, two])["sha256"]


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--models: no folder"):
        trained_on(tmp_path / "none", [], [])
