from dataclasses import replace
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pytest

from partitions import labelled
from redshank.core.errors import ConfigError
from redshank.core.registry import Kind
from redshank.core.schema import FLOW, TIMESTAMP, flow_batch
from redshank.data.clean import Floats
from redshank.data.encoding import FlowEncoding, StudyEncoding
from redshank.features.feature_set import Column, FeatureSet
from redshank.features.feature_sets.conn import Conn
from redshank.features.feature_sets.host_window import HostWindow

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
    found = FlowEncoding(replace(labelled(12), capture=None), "count").encode(PARTS)
    assert [x[:, 0].tolist() for x in found.x] == [[1, 0, 2], [0, 1], [0], [1, 0]]


def test_a_set_that_remembers_begins_anew_in_each_capture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kind, "find", lambda _self, _name: Count)
    data = replace(labelled(6), capture=np.array(list("ababaa")))
    found = FlowEncoding(data, "count").encode([np.array([5, 1, 0, 3, 2, 4])])
    assert found.x[0][:, 0].tolist() == [3, 0, 0, 1, 1, 2]


def test_flows_that_start_together_are_ordered_by_uid(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Kind, "find", lambda _self, _name: Count)
    columns: dict[str, object] = {"ts": [7, 5, 7, None], "uid": ["b", "c", "a", "d"], "proto": ["tcp"] * 4}
    data = replace(labelled(4), flows=flow_batch(columns, 4), capture=None)
    assert FlowEncoding(data, "count").encode([np.arange(4)]).x[0][:, 0].tolist() == [2, 0, 1, 3]


def test_windows_of_a_part_hold_flows_of_that_part_and_capture_alone() -> None:
    data = labelled(120)
    rows = [np.arange(0, 120, 2), np.arange(1, 120, 2)]
    encoded = FlowEncoding(data, "host_window").encode(rows)
    assert (encoded.steps, encoded.columns) == (16, HostWindow.columns)
    assert data.capture is not None
    own = Conn().encode(data.flows)
    for part, x in zip(rows, encoded.x, strict=True):
        steps = x.reshape(len(part), 16, -1)[:, :, :-1]
        assert steps[:, -1].tobytes() == own[part].tobytes()
        for row, window in zip(part, steps, strict=True):
            allowed = own[part[data.capture[part] == data.capture[row]]]
            held = window[~np.isnan(window).all(axis=1)]
            assert all((one == allowed)[:, ~np.isnan(one)].all(axis=1).any() for one in held)


def test_windows_are_numbered_by_the_flow_alone() -> None:
    data = labelled(200)
    number = FlowEncoding(data, "host_window").numbers()
    assert number.tolist() == FlowEncoding(data, "conn").numbers().tolist()


@pytest.mark.parametrize(("feature_set", "missing"), [("host_window", "ts"), ("packet_sequence", "first_sizes_bytes")])
def test_flows_without_what_a_feature_set_is_made_of_are_refused(feature_set: str, missing: str) -> None:
    flows = labelled(5).flows
    timeless = flows.set_column(flows.schema.get_field_index("ts"), FLOW.field("ts"), pa.nulls(5, TIMESTAMP))
    wanted = f"^feature set: '{feature_set}' is made of '{missing}', and 'drawn' has none; use 'conn'$"
    with pytest.raises(ConfigError, match=wanted):
        FlowEncoding(replace(labelled(5), flows=timeless), feature_set)


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
