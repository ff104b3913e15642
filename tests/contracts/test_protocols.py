"""Every protocol keeps the promises of `data/protocol.py`: nothing of the test part is in another.

Its mirrored test offers `example(place)`: a ready instance for the drawn dataset of tests/partitions.py.
"""

from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, reject, settings
from hypothesis import strategies as st

from contracts.examples import example_of
from partitions import each, labelled, rows_of
from redshank.core.errors import ConfigError, SourceError
from redshank.data.clean import IDENTIFIERS, groups
from redshank.data.parts import OTHER_FAMILY, PARTS, Parts
from redshank.data.protocol import PROTOCOLS, Protocol, partition

SHARED = {"cross"}
"""Protocols over two datasets, which share no columns of their own."""

every = pytest.mark.parametrize("name", PROTOCOLS.names())


@cache
def _example(name: str) -> Protocol:
    built = example_of("data/protocols", name)(Path())
    assert isinstance(built, Protocol)
    return built


def _parts(name: str, *, task: str = "family", seed: int = 0, rows: int = 300, features: str = "conn") -> Parts:
    example = _example(name)
    chosen: dict[str, Any] = {field.name: getattr(example, field.name) for field in fields(example)}
    return partition(labelled(rows, seed % 97), protocol=name, task=task, feature_set=features, seed=seed, **chosen)


@every
def test_a_protocol_is_called_as_its_file(name: str) -> None:
    assert _example(name).name == name


@every
def test_no_row_and_no_dropped_vector_is_in_two_parts(name: str) -> None:
    example = _example(name)

    @settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
    @given(
        seed=st.integers(0, 2**31),
        task=st.sampled_from(["binary", "family"]),
        features=st.sampled_from(["conn", "own"]),
    )
    def holds(seed: int, task: str, features: str) -> None:
        try:
            parts = _parts(name, seed=seed, task=task, features="conn" if name in SHARED else features)
        except SourceError as error:
            if "too few distinct rows" not in str(error):
                raise
            reject()  # a small drawn dataset may have too few
        held = np.concatenate([rows_of(part) for part in each(parts)])
        assert len(np.unique(held)) == len(held)
        if example.merges:
            for part in each(parts):
                assert len(np.unique(groups(part.x))) == len(part)
                assert len(rows_of(part)) == part.weight.sum()
        if example.merges and example.drops_seen:
            number = groups(np.concatenate([part.x for part in each(parts)]))
            assert len(np.unique(number)) == len(number)

    holds()


@every
@pytest.mark.parametrize("features", ["conn", "own"])
def test_no_label_and_no_identifier_is_among_the_columns(name: str, features: str) -> None:
    if features == "own" and name in SHARED:
        with pytest.raises(ConfigError, match="offers none"):
            _parts(name, features=features)
        return
    columns = {column.name for column in _parts(name, features=features).columns}
    assert not columns & {"label", "type", "family", "attack", "category"}
    if name not in {"paper", "ladder"}:  # those show what identifiers do
        assert not columns & (IDENTIFIERS | {"site"})


@every
def test_the_same_seed_gives_the_same_parts(name: str) -> None:
    first, again, other = (_parts(name, seed=seed) for seed in (1, 1, 98))
    assert [part.row.tolist() for part in each(first)] == [part.row.tolist() for part in each(again)]
    assert [part.row.tolist() for part in each(first)] != [part.row.tolist() for part in each(other)]


@every
def test_parts_have_the_types_that_training_takes(name: str) -> None:
    parts = _parts(name)
    for part in each(parts):
        assert [part.x.dtype, part.y.dtype, part.weight.dtype, part.row.dtype] == [
            *(np.float32, np.int64, np.float32, np.int64)
        ]
        assert part.x.shape == (len(part), parts.steps * len(parts.columns))
        assert len(part) == len(part.y) == len(part.weight) == len(part.row) > 0
        assert part.y.max() < len(parts.classes)
    assert all(part.y.min() >= 0 for part in each(parts)[:3])
    assert parts.test.y.min() >= OTHER_FAMILY


@every
def test_every_part_says_of_each_row_its_family_and_its_groups(name: str) -> None:
    parts = _parts(name)
    assert parts.family is not None
    for part in each(parts):
        assert parts.families(part).tolist() == parts.family[part.row].tolist()
    assert {"host_pair", "source", "capture"} <= set(parts.groups)
    assert all(len(group.number) == len(parts.family) for group in parts.groups.values())


@every
def test_a_model_never_trains_without_both_sides(name: str) -> None:
    for part in each(_parts(name, task="binary"))[:3]:
        assert set(part.y.tolist()) == {0, 1}


@every
def test_settings_say_how_to_make_the_same_parts_again(name: str) -> None:
    parts = _parts(name)
    assert parts.protocol == name
    assert set(parts.settings) <= {field.name for field in fields(_example(name))}
    assert list(PARTS) == ["train", "validation", "calibration", "test"]
