import numpy as np
import pyarrow as pa
import pytest

from labelled import labelled
from redshank.core.schema import flow_batch
from redshank.data.protocol import partition
from redshank.experiments.windows import host_windows, windowed
from redshank.features.feature_set import Column

COLUMNS = (Column("proto", "category", ("tcp",)), Column("bytes", "bytes"))


def flows(ts_s: list[float | None], devices: list[str]) -> pa.RecordBatch:
    ts = [None if t is None else int(t * 1e9) for t in ts_s]
    return flow_batch({"ts": ts, "src_ip": devices}, rows=len(ts))


def test_a_window_holds_the_devices_own_flows_in_order_of_time_and_none_that_started_later() -> None:
    batch = flows([3.0, 1.0, 2.0, 5.5, 4.0], ["a", "a", "b", "a", "b"])
    x = np.array([[2, 30], [2, 10], [2, 20], [2, 55], [2, 40]], dtype=np.float32)
    found = host_windows(batch, x, COLUMNS, 2)
    assert found.shape == (5, 2, 3)
    assert found[0].tolist() == [pytest.approx([2, 10, np.nan], nan_ok=True), [2, 30, 2.0]]
    assert found[1].tolist() == [
        pytest.approx([0, np.nan, np.nan], nan_ok=True),
        pytest.approx([2, 10, np.nan], nan_ok=True),
    ]
    assert found[3].tolist() == [[2, 30, 2.0], [2, 55, 2.5]]
    assert found[4, 0, 1] == 20


def test_flows_without_time_are_refused() -> None:
    with pytest.raises(ValueError, match="flow 1 has no ts"):
        host_windows(flows([1.0, None], ["a", "a"]), np.zeros((2, 2), np.float32), COLUMNS, 2)


def test_every_flow_of_a_part_has_a_window_of_its_own_part() -> None:
    drawn = labelled(600)
    parts = partition(drawn, protocol="leakfree", task="binary")
    found = windowed(parts, drawn, 4)
    assert (found.steps, len(found.columns), found.feature_set) == (4, len(parts.columns) + 1, None)
    for name in ("train", "test"):
        part = getattr(found, name)
        assert len(part) == getattr(parts, name).weight.sum()
        assert part.x.shape == (len(part), 4 * len(found.columns))
    alone = windowed(parts, drawn, 1)
    last = found.test.x.reshape(len(found.test), 4, -1)[:, -1, :-1]
    assert np.array_equal(last, alone.test.x, equal_nan=True)


def test_columns_of_the_dataset_itself_are_refused() -> None:
    drawn = labelled()
    parts = partition(drawn, protocol="paper", task="binary")
    with pytest.raises(ValueError, match="wanted a feature set"):
        windowed(parts, drawn, 2)
