from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from partitions import labelled
from redshank.core.registry import Kind
from redshank.data.clean import Floats
from redshank.data.encoding import FlowEncoding, StudyEncoding
from redshank.features.feature_set import Column, FeatureSet
from redshank.features.feature_sets.conn import Conn

PARTS = [np.array([5, 2, 9]), np.array([0, 1]), np.array([3]), np.array([7, 4])]


class Count(FeatureSet):
    """How many flows it has seen before: what a set that remembers can tell."""

    name: ClassVar[str] = "count"
    version: ClassVar[int] = 1
    columns: ClassVar[tuple[Column, ...]] = (Column("seen", "1"),)
    remembers: ClassVar[bool] = True

    def __init__(self) -> None:
        self.seen = 0

    def encode(self, flows: pa.RecordBatch) -> Floats:
        """Count on."""
        first, self.seen = self.seen, self.seen + len(flows)
        return np.arange(first, self.seen, dtype=np.float32)[:, None]


def test_flows_are_encoded_as_for_serving() -> None:
    data = labelled(12)
    made = FlowEncoding(data, "conn")
    x = Conn().encode(data.flows)
    for asked_before in (False, True):
        if asked_before:
            assert len(made.numbers()) == 12
        found = made.encode(PARTS)
        assert all(np.array_equal(a, x[b], equal_nan=True) for a, b in zip(found.x, PARTS, strict=True))
    assert found.columns == Conn.columns
    assert found.dropped == ("ts", "src_ip", "src_port", "dst_ip")
    assert found.steps == 1
    assert not found.scaled


def test_a_set_that_remembers_begins_anew_in_each_part_and_goes_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kind, "find", lambda _self, _name: Count)
    found = FlowEncoding(labelled(12), "count").encode(PARTS)
    assert [x[:, 0].tolist() for x in found.x] == [[1, 0, 2], [0, 1], [0], [1, 0]]


def test_a_study_scales_every_column_on_all_rows() -> None:
    data = labelled(50)
    found = StudyEncoding(data, "paper", drop=["ts"]).encode([np.arange(50)])
    assert [column.name for column in found.columns] == ["src_ip", "src_port", "http_uri", "size", "gap"]
    assert found.scaled
    assert found.x[0].min() == 0
    assert found.x[0].max() == 1
    assert found.dropped == ("ts",)
    assert [step.name for step in found.taken] == ["drop label", "label-encode", "min-max", "check NaN"]


def test_equal_rows_have_equal_numbers() -> None:
    data = labelled(200)
    x = Conn().encode(data.flows)
    number = FlowEncoding(data, "conn").numbers()
    same = (x[:, None] == x[None]) | (np.isnan(x[:, None]) & np.isnan(x[None]))
    assert np.array_equal(same.all(axis=2), number[:, None] == number[None])
