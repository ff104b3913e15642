from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from model_rows import COLUMNS, classes, raw
from redshank.data.cleaning import Rows
from redshank.data.steps.skew import Skew
from redshank.features.feature_set import Column

X = raw(400)
TRAIN = Rows(X, classes(X), np.ones(len(X), np.float32))
NUMBER = (Column("a", "bytes", heavy_tail=True),)


def example(place: Path) -> Skew:  # noqa: ARG001  needs no files
    return Skew("log")


def one(values: npt.ArrayLike) -> Rows:
    x = np.asarray(values, np.float32)[:, None]
    return Rows(x, np.zeros(len(x), np.int64), np.ones(len(x), np.float32))


DRAWN = np.random.default_rng(1).lognormal(2, 1.2, 500)


def test_a_logarithm_keeps_the_sign() -> None:
    rows = one(np.array([-3.0, 0, 1, 2, 3, 4, 5000]))
    assert np.allclose(
        Skew("log").fit(rows, NUMBER, 1).apply(rows.x).ravel(), np.sign(rows.x[:, 0]) * np.log1p(np.abs(rows.x[:, 0]))
    )


@pytest.mark.parametrize(("way", "shift"), [("yeo-johnson", 0.0), ("yeo-johnson", -5.0), ("box-cox", 0.0)])
def test_powers_are_scipys(way: str, shift: float) -> None:
    rows = one(DRAWN + shift)
    values = rows.x[:, 0].astype(np.float64)
    theirs, _ = stats.yeojohnson(values) if way == "yeo-johnson" else stats.boxcox(values)
    step = Skew(way).fit(rows, NUMBER, 1)
    mine = step.apply(rows.x).ravel()
    assert np.abs(mine - theirs).max() < 2e-3 * np.ptp(theirs)
    assert abs(stats.skew(mine)) < 0.3 < stats.skew(values)


def test_box_cox_leaves_alone_what_is_not_above_0() -> None:
    rows = one(np.append(DRAWN, 0))
    step = Skew("box-cox").fit(rows, NUMBER, 1)
    assert np.array_equal(step.apply(rows.x), rows.x)
    assert step.detail_.endswith("none; 1 more are not above 0 everywhere and stay")


def test_quantiles_give_the_share_of_rows_below() -> None:
    rows = one(DRAWN)
    clean = Skew("quantile").fit(rows, NUMBER, 1).apply(rows.x).ravel()
    assert np.abs(clean - (stats.rankdata(rows.x[:, 0]) - 1) / 499).max() < 0.011
    order = np.argsort(rows.x[:, 0])
    assert (np.diff(clean[order]) >= -1e-6).all()
    tied = one(np.array([0.0] * 50 + [1.0] * 30 + [2.0] * 5 + [99.0] * 15))
    assert Skew("quantile").fit(tied, NUMBER, 1).apply(tied.x)[0, 0] == pytest.approx(0.25, abs=0.02)


@pytest.mark.parametrize("way", ["yeo-johnson", "box-cox", "quantile"])
def test_a_value_beyond_the_training_range_is_its_nearest_end(way: str) -> None:
    rows = one(DRAWN)
    step = Skew(way).fit(rows, NUMBER, 1)
    ends = step.apply(np.array([[rows.x.min()], [rows.x.max()]], dtype=np.float32))
    assert np.array_equal(step.apply(np.array([[-1e30], [3e38]], dtype=np.float32)), ends)


def test_even_numbers_and_categories_stay_and_absent_values_are_absent() -> None:
    step = Skew("yeo-johnson").fit(TRAIN, COLUMNS, 3)
    clean = step.apply(X)
    assert np.array_equal(clean[:, 2:], X[:, 2:], equal_nan=True)
    assert np.array_equal(np.isnan(clean), np.isnan(X))
    assert [column.heavy_tail for column in step.columns_] == [False, False, False, False, False, True]
    assert "2 numbers with a skewness beyond 1, yeo-johnson: src_bytes, duration" in step.detail_
