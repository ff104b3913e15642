from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from partitions import each, labelled, rows_of, ton_iot
from redshank.core.errors import ConfigError
from redshank.data.dataset import Labelled, read
from redshank.data.grouping import grouping
from redshank.data.parts import Parts
from redshank.data.protocol import partition
from redshank.data.protocols.group import Group


def example(place: Path) -> Group:
    del place
    return Group(by="source")


def groups_of(parts: Parts, data: Labelled, by: str) -> list[set[int]]:
    number = grouping(data, by).number
    return [set(number[rows_of(part)].tolist()) for part in each(parts)]


def assert_apart(held: list[set[int]]) -> None:
    assert sum(map(len, held)) == len(set().union(*held))


@settings(max_examples=8, deadline=None)
@given(
    st.integers(0, 2**31),
    st.sampled_from(["host_pair", "source", "capture", "site"]),
    st.sampled_from(["drop", "keep"]),
)
def test_no_group_is_in_two_parts(seed: int, by: str, seen: str) -> None:
    data = labelled(600, seed % 97)
    parts = partition(data, protocol="group", task="family", seed=seed, by=by, seen=seen)
    assert_apart(groups_of(parts, data, by))


def test_a_pair_of_devices_is_one_pair_whoever_speaks_first() -> None:
    data = labelled(600)
    parts = partition(data, protocol="group", task="binary")
    source, target = (np.array(data.flows.column(name).to_pylist()) for name in ("src_ip", "dst_ip"))
    pairs = [{frozenset(pair) for pair in zip(source[r], target[r], strict=True)} for r in map(rows_of, each(parts))]
    assert sum(map(len, pairs)) == len(set().union(*pairs))


def test_what_training_has_seen_is_dropped_and_counted_or_kept_and_counted() -> None:
    dropped, kept = (
        partition(labelled(600), protocol="group", task="family", by="source", seen=seen) for seen in ("drop", "keep")
    )
    assert dropped.notes["dropped_as_seen"] == kept.notes["seen_before"]
    assert sum(len(part) for part in each(dropped)) == sum(len(part) for part in each(kept)) - sum(
        count for name, count in kept.notes["seen_before"].items() if name.endswith("vectors")
    )
    assert len(dropped.train) == len(kept.train)
    assert kept.notes["groups"] == "source"
    assert sum(kept.notes["groups_per_part"].values()) == 12


def test_the_groups_to_be_tested_can_be_named() -> None:
    data = labelled(600)
    parts = partition(data, protocol="group", task="binary", by="capture", test="c2, c4", seen="keep")
    names = grouping(data, "capture").names
    assert {names[at] for at in groups_of(parts, data, "capture")[3]} == {"c2", "c4"}
    assert parts.settings == {"by": "capture", "test": "c2, c4", "seen": "keep"}


def test_a_family_of_one_device_trains_and_is_said_to_be_missing_elsewhere() -> None:
    data = labelled(600)
    family = data.family.astype("U20")
    family[grouping(data, "source").number == 0] = "mitm"
    alone = Labelled(**{**vars(data), "family": family})
    parts = partition(alone, protocol="group", task="family", by="source")
    assert parts.notes["families_missing_from_parts"] == ["mitm (validation, calibration, test)"]
    assert "mitm" in parts.classes


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"by": "sauce"}, r"by: 'drawn' cannot be grouped by 'sauce'; did you mean 'source'\? \(there are: host_pair"),
        ({"by": "capture", "test": "c9"}, r"test: drawn has no capture 'c9'; \(there are: c0, c1"),
        ({"seen": "kept"}, r"protocol group: seen: no 'kept'; did you mean 'keep'\?"),
        ({"bye": "source"}, r"protocol group: no setting 'bye'; did you mean 'by'\? \(there are: "),
        ({"by": "odd"}, r"by: there are 2 groups by odd, a split into 4 parts needs as many"),
    ],
)
def test_a_wrong_setting_is_one_line(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        partition(labelled(), protocol="group", task="binary", **chosen)


@pytest.mark.data
def test_ton_iot_by_pair_and_by_source(data: Path) -> None:
    table = ton_iot(data)
    for by, groups in (("host_pair", 1_004), ("source", 51)):
        parts = partition(table, protocol="group", task="family", by=by)
        assert_apart(groups_of(parts, table, by))
        assert sum(parts.notes["groups_per_part"].values()) == groups
        if by == "host_pair":
            assert set(range(10)) == set(parts.train.y.tolist()) == set(parts.test.y.tolist())


@pytest.mark.data
def test_every_part_of_iot_23_has_an_attack_though_four_captures_have_any(data: Path) -> None:
    table = read("iot23", data / "data" / "iot23")
    for seed in range(3):
        parts = partition(table, protocol="group", task="binary", by="capture", seen="keep", seed=seed)
        assert_apart(groups_of(parts, table, "capture"))
        assert all(set(part.y.tolist()) == {0, 1} for part in each(parts))
