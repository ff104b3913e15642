from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from partitions import each, labelled, rows_of
from redshank.core.errors import ConfigError
from redshank.core.schema import FLOW
from redshank.data.dataset import Labelled
from redshank.data.protocol import partition
from redshank.data.protocols.time import Time


def example(place: Path) -> Time:
    del place
    return Time(embargo_s=20.0)


def seconds(data: Labelled) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array(data.flows.column("ts").cast(pa.int64())) / 1e9


@pytest.mark.parametrize("seen", ["drop", "keep"])
@pytest.mark.parametrize("embargo_s", [0.0, 45.0])
def test_no_part_of_a_family_reaches_into_the_time_of_another(seen: str, embargo_s: float) -> None:
    data = labelled(900, seed=3)
    parts = partition(data, protocol="time", task="family", seen=seen, embargo_s=embargo_s)
    times = seconds(data)
    for family in np.unique(data.family):
        ends = []
        for part in each(parts):
            rows = np.array(rows_of(part))
            mine = times[rows[data.family[rows] == family]]
            ends.append((mine.min(), mine.max()))
        assert all(later[0] - earlier[1] > embargo_s for earlier, later in pairwise(ends))


def test_the_parts_are_shares_of_the_span() -> None:
    data = labelled(900)
    times = seconds(data)
    parts = partition(data, protocol="time", task="binary", embargo_s=0.0, seen="keep")
    for family in np.unique(data.family):
        of = times[data.family == family]
        rows = np.array(rows_of(parts.test))
        mine = times[rows[data.family[rows] == family]]
        assert (mine >= of.min() + 0.8 * np.ptp(of)).all()
    assert parts.notes["embargo_s"] == 0.0
    assert parts.notes["rows_under_embargo"] == 0


def test_rows_under_embargo_and_without_time_are_counted() -> None:
    data = labelled(600)
    ts = data.flows.column("ts").to_pylist()
    ts[:5] = [None] * 5
    columns = [pa.array(ts, FLOW.field("ts").type) if n == "ts" else data.flows.column(n) for n in FLOW.names]
    parts = partition(
        replace(data, flows=pa.RecordBatch.from_arrays(columns, schema=FLOW)),
        protocol="time",
        task="binary",
        embargo_s=30.0,
        seen="keep",
    )
    held = sum(len(rows_of(part)) for part in each(parts))
    assert held == 600 - 5 - parts.notes["rows_under_embargo"]
    assert parts.notes["rows_without_time"] == 5
    assert parts.notes["rows_under_embargo"] > 0


def test_a_family_of_one_moment_is_said_to_be_missing() -> None:
    data = labelled(600)
    family = data.family.astype("U20")
    family[7] = "mitm"
    parts = partition(replace(data, family=family), protocol="time", task="family", embargo_s=0.0)
    assert parts.notes["families_not_in_every_part"] == ["mitm"]


def test_times_can_be_a_column_of_its_own() -> None:
    data = labelled(600)
    no_settings: dict[str, Any] = {}
    by_flows, by_own = (
        partition(data, protocol="time", task="binary", **chosen) for chosen in (no_settings, {"column": "ts"})
    )
    assert [rows_of(p) for p in each(by_flows)] == [rows_of(p) for p in each(by_own)]
    assert data.own is not None
    renamed = data.own.table.rename_columns(["when", *data.own.table.column_names[1:]])
    named = partition(
        replace(data, own=replace(data.own, table=renamed)), protocol="time", task="binary", column="when"
    )
    assert [rows_of(p) for p in each(by_flows)] == [rows_of(p) for p in each(named)]
    assert "when" not in {column.name for column in named.columns}


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ({"embargo_s": -1.0}, "protocol time: embargo_s: -1.0 is not a number of seconds from 0"),
        ({"column": "word"}, "protocol time: 'drawn' has no times in 'word'; name a column of its own, or use group"),
    ],
)
def test_a_wrong_setting_is_one_line(chosen: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        partition(labelled(), protocol="time", task="binary", **chosen)
