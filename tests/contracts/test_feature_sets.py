"""Every feature set keeps the promises of `features/feature_set.py`.

Its mirrored test offers `example(place)` and the constant FINGERPRINT: what the feature set means to every bundle made
with it. Whoever changes the meaning gives the feature set a new version and the test a new fingerprint.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.examples import example_of
from drawn import examples
from random_flows import random_flows
from redshank.core.schema import FLOW, TIMESTAMP, flow_batch
from redshank.data.clean import require_no_identifier
from redshank.features.feature_set import FEATURE_SETS, FeatureSet

UNITS = {"bytes", "packets", "s", "1", "category", "packets/s", "bytes/s"}

OFFERS = {name: example_of("features/feature_sets", name) for name in FEATURE_SETS.names()}

every = pytest.mark.parametrize("name", FEATURE_SETS.names())


def _built(name: str) -> FeatureSet:
    built = OFFERS[name](Path())
    assert isinstance(built, FeatureSet)
    return built


@every
def test_a_feature_set_is_called_as_its_file(name: str) -> None:
    assert _built(name).name == name


@every
def test_a_feature_set_means_what_its_bundles_were_made_for(name: str) -> None:
    pinned = OFFERS[name].__globals__.get("FINGERPRINT")
    assert pinned is not None, f"tests/features/feature_sets/test_{name}.py must pin FINGERPRINT"
    assert _built(name).fingerprint() == pinned, "the meaning changed: count up `version`, then pin the new fingerprint"


@every
def test_columns_have_distinct_names_known_units_and_no_identifier(name: str) -> None:
    columns = _built(name).columns
    names = [column.name for column in columns]
    assert len(set(names)) == len(names)
    assert {column.unit for column in columns} <= UNITS
    require_no_identifier(names)
    for column in columns:
        assert (column.unit == "category") == bool(column.vocabulary)
        assert len(set(column.vocabulary)) == len(column.vocabulary)


@every
def test_what_a_feature_set_needs_is_in_a_flow(name: str) -> None:
    features = _built(name)
    assert set(features.needs) <= set(FLOW.names)
    assert "ts" in features.needs or not features.remembers


@every
@settings(max_examples=examples(25), deadline=None)
@given(rows=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_a_flow_has_the_same_row_alone_as_inside_a_batch(name: str, rows: int, seed: int) -> None:
    features, flows = _built(name), random_flows(rows, seed)
    together = _built(name).encode(flows)
    # What remembers is told of flows in their order; to all others the order is nothing.
    order = range(rows) if features.remembers else reversed(range(rows))
    alone = {at: features.encode(flows.slice(at, 1)) for at in order}
    assert together.tobytes() == np.concatenate([alone[at] for at in range(rows)]).tobytes()


@every
@settings(max_examples=10, deadline=None)
@given(rows=st.integers(1, 12), seed=st.integers(0, 2**32 - 1))
def test_a_flow_without_time_has_no_history_and_leaves_none(name: str, rows: int, seed: int) -> None:
    flows = random_flows(rows, seed)
    flows = flows.set_column(flows.schema.get_field_index("ts"), FLOW.field("ts"), pa.nulls(rows, TIMESTAMP))
    alone = [_built(name).encode(flows.slice(at, 1)) for at in range(rows)]
    assert _built(name).encode(flows).tobytes() == np.concatenate(alone).tobytes()


@every
@settings(max_examples=examples(25), deadline=None)
@given(rows=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_any_values_give_finite_numbers_or_nan_and_known_codes(name: str, rows: int, seed: int) -> None:
    features = _built(name)
    x = features.encode(random_flows(rows, seed)).reshape(rows, features.steps, -1)
    assert not np.isinf(x).any()
    there = ~np.isnan(x).all(axis=2)
    for at, column in enumerate(features.columns):
        if column.codes:
            assert set(x[there][:, at].tolist()) <= set(range(column.codes))


@every
def test_rows_of_nulls_survive(name: str) -> None:
    features = _built(name)
    x = features.encode(flow_batch({}, rows=3))
    assert x.shape == (3, features.steps * len(features.columns))
    last = x[:, -len(features.columns) :]
    numbers = [at for at, column in enumerate(features.columns) if not column.codes]
    assert np.isnan(x[:, : -len(features.columns)]).all()
    assert np.isnan(last[:, numbers]).all()
    assert (np.delete(last, numbers, axis=1) == 0).all()


@every
def test_an_empty_batch_survives(name: str) -> None:
    features = _built(name)
    x = features.encode(flow_batch({}, rows=0))
    assert x.shape == (0, features.steps * len(features.columns))


@every
def test_a_vector_is_float32_in_rows(name: str) -> None:
    x = _built(name).encode(random_flows(5, 1))
    assert x.dtype == np.float32
    assert x.flags.c_contiguous


@every
def test_encoding_leaves_the_flows_as_they_were(name: str) -> None:
    flows = random_flows(20, 2)
    before = flows.serialize().to_pybytes()
    _built(name).encode(flows)
    assert flows.serialize().to_pybytes() == before
