from pathlib import Path

import numpy as np
import pytest

from partitions import each, labelled, rows_of
from redshank.core.errors import ConfigError
from redshank.data.parts import OTHER_FAMILY
from redshank.data.protocol import partition
from redshank.data.protocols.zero_day import ZeroDay


def example(place: Path) -> ZeroDay:
    del place
    return ZeroDay(family="scanning")


@pytest.mark.parametrize("task", ["binary", "family"])
@pytest.mark.parametrize("by", ["", "source"])
def test_the_family_is_in_the_test_part_alone(task: str, by: str) -> None:
    data = labelled(600)
    parts = partition(data, protocol="zero_day", task=task, family="dos", by=by)
    for part in each(parts)[:3]:
        assert "dos" not in data.family[rows_of(part)]
    tested = data.family[rows_of(parts.test)]
    assert {"benign", "dos", "scanning"} == set(tested.tolist())
    assert parts.classes == (("benign", "attack") if task == "binary" else ("benign", "scanning"))


def test_all_its_rows_are_tested_unless_training_has_their_vector() -> None:
    data = labelled(600)
    kept = partition(data, protocol="zero_day", task="family", family="scanning", seen="keep")
    assert (data.family[rows_of(kept.test)] == "scanning").sum() == (data.family == "scanning").sum()
    told = kept.notes["new_family"]
    assert told["rows"] == (data.family == "scanning").sum()
    assert (
        told["vectors"]
        > told["vectors that training has at all"]
        >= told["vectors that benign training rows have too"]
        > 0
    )
    dropped = partition(data, protocol="zero_day", task="family", family="scanning")
    assert dropped.notes["dropped_as_seen"]["test vectors"] >= told["vectors that training has at all"]


def test_the_model_has_no_class_for_it_and_the_test_part_says_so() -> None:
    parts = partition(labelled(600), protocol="zero_day", task="family", family="dos")
    strange = parts.test.y == OTHER_FAMILY
    assert strange.any()
    assert set(parts.families(parts.test)[strange]) == {"dos"}
    assert parts.notes["families_without_training_rows"] == {"dos": int((labelled(600).family == "dos").sum())}


def test_the_rest_is_split_as_usual() -> None:
    data = labelled(600)
    parts = partition(data, protocol="zero_day", task="family", family="dos", seen="keep")
    others = [(data.family[rows_of(part)] != "dos").sum() for part in each(parts)]
    assert sum(others) == (data.family != "dos").sum()
    assert np.argmax(others) == 0


def test_an_unknown_family_is_named_and_benign_is_none() -> None:
    with pytest.raises(ConfigError, match=r"zero_day: family: drawn has no attack 'dot'; did you mean 'dos'\?"):
        partition(labelled(), protocol="zero_day", task="binary", family="dot")
    with pytest.raises(ConfigError, match="drawn has no attack 'benign'"):
        partition(labelled(), protocol="zero_day", task="binary", family="benign")
    with pytest.raises(ConfigError, match="protocol zero_day: setting 'family' must be given"):
        partition(labelled(), protocol="zero_day", task="binary")
