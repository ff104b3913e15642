from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from model_rows import COLUMNS, classes, raw
from redshank.data.cleaning import Rows
from redshank.data.steps.outliers import Outliers
from redshank.features.feature_set import Column

NUMBER = (Column("a", "1"),)


def example(place: Path) -> Outliers:  # noqa: ARG001  needs no files
    return Outliers("iqr")


def rows_of(values: Sequence[float], y: list[int] | None = None) -> Rows:
    x = np.array(values, dtype=np.float32)[:, None]
    return Rows(x, np.array(y or [0] * len(x)), np.ones(len(x), np.float32))


def test_tukeys_fences_drop_what_lies_beyond_them() -> None:
    # Quartiles 3 and 7, fences at -3 and 13.
    rows = rows_of([1, 2, 3, 4, 5, 6, 7, 8, 14], [0] * 8 + [1])
    step = Outliers("iqr").fit(rows, NUMBER, 2)
    assert step.train(rows).x.ravel().tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert step.detail_ == "1 of 9 rows dropped, 1 of them attacks; nothing is left of class 1"


def test_a_column_that_mostly_repeats_one_value_has_no_outliers() -> None:
    rows = rows_of([0] * 20 + [5])
    assert len(Outliers("iqr").fit(rows, NUMBER, 1).train(rows).y) == 21


def test_quantiles_drop_a_thousandth_at_each_end() -> None:
    rows = rows_of([float(v) for v in range(10_001)])
    kept = Outliers("quantile").fit(rows, NUMBER, 1).train(rows).x
    assert (kept.min(), kept.max(), len(kept)) == (10, 9990, 9981)


def test_the_forest_finds_the_row_that_is_alone() -> None:
    x = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
    x[17] = 40
    x[3] = np.nan
    rows = Rows(x, np.zeros(300, np.int64), np.ones(300, np.float32))
    columns = (Column("a", "1"), Column("b", "1"))
    kept = Outliers("forest", seed=3).fit(rows, columns, 1).train(rows)
    assert not (kept.x == 40).any()
    assert np.isnan(kept.x).any()
    assert np.array_equal(Outliers("forest", seed=3).fit(rows, columns, 1).train(rows).x, kept.x, equal_nan=True)


@pytest.mark.parametrize("way", ["iqr", "quantile", "forest"])
def test_an_absent_value_and_a_category_are_no_outliers(way: str) -> None:
    x = raw(30)
    x[:, :3] = 1.0
    x[5, 0] = np.nan
    rows = Rows(x, classes(x), np.ones(30, np.float32))
    only = Outliers(way).fit(rows, COLUMNS, 3).train(rows)
    assert (x[5] == only.x[5])[1:3].all()
    categories = Rows(x[:, 3:5], rows.y, rows.weight)
    assert len(Outliers(way).fit(categories, COLUMNS[3:5], 3).train(categories).y) == 30
