from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from partitions import each, labelled, ton_iot
from redshank.core.errors import ConfigError, SourceError
from redshank.data.protocol import partition
from redshank.data.protocols.paper import Paper


def example(place: Path) -> Paper:
    del place
    return Paper()


def test_the_table_is_scaled_as_it_is_and_split_eighty_to_twenty() -> None:
    parts = partition(labelled(401), protocol="paper", task="binary")
    assert [column.name for column in parts.columns] == ["ts", "src_ip", "src_port", "http_uri", "size", "gap"]
    assert {column.unit for column in parts.columns} == {"1"}
    assert parts.feature_set is None
    assert parts.scaled
    assert len(parts.test) == 81
    assert sum(len(part) for part in each(parts)) == 401
    x = np.concatenate([part.x for part in each(parts)])
    assert x.min(axis=0).tolist() == [0] * 6
    assert x.max(axis=0).tolist() == [1] * 6


def test_the_test_rows_that_training_has_seen_are_counted() -> None:
    data = labelled()
    assert data.raw is not None
    parts = partition(replace(data, raw=data.raw.drop_columns(["ts"])), protocol="paper", task="binary")
    seen = {row.tobytes() for row in parts.train.x}
    assert parts.notes["test_rows_seen_in_training"] == sum(row.tobytes() in seen for row in parts.test.x) > 0


def test_a_dataset_without_a_table_is_refused() -> None:
    with pytest.raises(ConfigError, match="protocol: 'paper' needs the dataset's own table, and 'drawn' has none"):
        partition(replace(labelled(), raw=None), protocol="paper", task="binary")


def test_holes_are_refused() -> None:
    raw = pa.table({"size": pa.array([None, None, *[1] * 398], type=pa.int64())})
    with pytest.raises(SourceError, match="drawn: column 'size' has 2 missing values; protocol paper takes none"):
        partition(replace(labelled(), raw=raw), protocol="paper", task="binary")


@pytest.mark.data
def test_ton_iot_tests_on_a_fifth(data: Path) -> None:
    parts = partition(ton_iot(data), protocol="paper", task="binary")
    assert len(parts.test) == 42_209
    assert len(parts.columns) == 42
    assert sum(len(part) for part in each(parts)) == 211_043
    assert not np.isnan(parts.train.x).any()
