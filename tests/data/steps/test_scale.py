from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from model_rows import COLUMNS, classes, raw
from redshank.data.cleaning import Rows
from redshank.data.steps.scale import Scale

X = raw(200)
TRAIN = Rows(X, classes(X), np.ones(len(X), np.float32))


def example(place: Path) -> Scale:  # noqa: ARG001  needs no files
    return Scale("standard")


@pytest.mark.parametrize(
    ("way", "theirs"), [("standard", StandardScaler()), ("minmax", MinMaxScaler()), ("robust", RobustScaler())]
)
def test_numbers_are_scaled_as_scikit_learn_scales_them(way: str, theirs: StandardScaler) -> None:
    step = Scale(way).fit(TRAIN, COLUMNS, 3)
    mine = step.apply(X)
    wanted = theirs.fit_transform(X[:, :3].astype(np.float64))
    assert np.allclose(mine[:, :3], wanted, rtol=1e-4, atol=1e-5, equal_nan=True)
    assert np.array_equal(mine[:, 3:5], X[:, 3:5], equal_nan=True)
    # And back again.
    back = mine[:, :3] / step._per_spread[:3] + step._center[:3]
    assert np.allclose(back, X[:, :3], rtol=1e-4, atol=1e-2, equal_nan=True)


def test_a_constant_becomes_0_and_a_scaled_number_has_no_unit() -> None:
    x = np.full((4, 6), 7, dtype=np.float32)
    step = Scale("minmax").fit(Rows(x, np.zeros(4, np.int64), np.ones(4, np.float32)), COLUMNS, 3)
    assert step.apply(x)[0].tolist() == [0, 0, 0, 7, 7, 0]
    assert [column.unit for column in step.columns_] == ["1", "1", "1", "category", "category", "1"]
    assert not any(column.heavy_tail for column in step.columns_)
