from dataclasses import replace

import numpy as np
import pytest

from partitions import labelled
from redshank.core.errors import ConfigError
from redshank.data.clean import Floats
from redshank.data.parts import Parts
from redshank.data.protocol import partition
from redshank.experiments.windows import retold
from redshank.features.feature_set import Column

COLUMNS = (Column("proto", "category", ("tcp", "udp")), Column("size", "bytes"), Column("gap", "s", heavy_tail=True))
NOTHING = [np.nan] * 3
WINDOWS = np.array(
    [
        [NOTHING, NOTHING, NOTHING, [2, 10, np.nan]],
        [NOTHING, [2, 10, np.nan], [3, 30, 1e-6], [2, 20, 1e-6]],
    ],
    dtype=np.float32,
)


def windows(x: Floats = WINDOWS) -> Parts:
    made = partition(labelled(60), protocol="leakfree", task="binary")
    part = replace(made.test, x=x.reshape(len(x), -1), y=np.zeros(len(x), np.int64))
    none = replace(part, x=part.x[:0], y=part.y[:0])
    return replace(made, train=none, validation=none, calibration=none, test=part, columns=COLUMNS, steps=x.shape[1])


def test_a_flow_alone_has_neither_history_nor_a_gap() -> None:
    made = retold(windows(), "alone", seed=0)
    assert made.test.x.tolist() == [[2, 10], [2, 20]]
    assert (made.steps, [column.name for column in made.columns]) == (1, ["proto", "size"])
    assert made.train.x.shape == (0, 2)


def test_a_shuffled_history_is_the_same_flows_and_the_flow_itself_stays_last() -> None:
    x = np.random.default_rng(0).random((50, 16, 3)).astype(np.float32)
    made = retold(windows(x), "shuffled", seed=1).test.x.reshape(50, 16, 3)
    assert made[:, -1].tolist() == x[:, -1].tolist()
    assert np.sort(made, axis=1).tolist() == np.sort(x, axis=1).tolist()
    assert (made[:, :-1] != x[:, :-1]).any(axis=(1, 2)).all()
    assert made.tolist() == retold(windows(x), "shuffled", seed=1).test.x.reshape(50, 16, 3).tolist()


def test_the_mean_is_over_the_flows_that_are_there() -> None:
    made = retold(windows(), "pooled", seed=0)
    names = [column.name for column in made.columns]
    assert names == ["proto 0", "proto 1", "proto 2", "proto 3", "mean size", "mean gap"]
    assert made.test.x[0].tolist() == pytest.approx([0, 0, 1, 0, 10, np.nan], nan_ok=True)
    # A gap of a microsecond counts as the logarithm of 1 + 1.
    assert made.test.x[1].tolist() == pytest.approx([0, 0, 2 / 3, 1 / 3, 20, np.log(2)])


def test_aggregates_stand_beside_the_flow() -> None:
    made = retold(windows(), "aggregates", seed=0)
    row = dict(zip((column.name for column in made.columns), made.test.x[1].tolist(), strict=True))
    assert (row["proto"], row["size"], row["proto 3"], row["mean size"]) == (2, 20, pytest.approx(1 / 3), 20)
    assert (row["flows"], row["least size"], row["most size"]) == (3, 10, 30)
    assert row["spread size"] == pytest.approx(np.std([10, 20, 30]))
    assert made.columns[0].vocabulary == ("tcp", "udp")


def test_the_order_of_a_history_is_nothing_to_its_mean_and_its_aggregates() -> None:
    x = np.random.default_rng(0).random((20, 16, 3)).astype(np.float32)
    shuffled = retold(windows(x), "shuffled", seed=1)
    for way in ("pooled", "aggregates"):
        one, other = (retold(parts, way, seed=0).test.x for parts in (windows(x), shuffled))
        assert one == pytest.approx(other, rel=1e-5)


def test_a_way_that_does_not_exist_is_refused() -> None:
    assert retold(windows(), "window", seed=0).steps == 4
    with pytest.raises(ConfigError, match=r"^window: no 'pool'; did you mean 'pooled'\? \(there are: window, alone"):
        retold(windows(), "pool", seed=0)
