from pathlib import Path

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge

from model_rows import COLUMNS, PROTO, classes, raw
from redshank.data.cleaning import Rows
from redshank.data.steps.missing import Missing
from redshank.features.feature_set import Column

X = raw(200)
TRAIN = Rows(X, classes(X), np.ones(len(X), np.float32))
NUMBERS = (Column("a", "1"), Column("b", "1"))


def example(place: Path) -> Missing:  # noqa: ARG001  needs no files
    return Missing("median")


@pytest.mark.parametrize(("way", "theirs"), [("mean", "mean"), ("median", "median"), ("mode", "most_frequent")])
def test_numbers_are_filled_as_scikit_learn_fills_them(way: str, theirs: str) -> None:
    x = X[:, :3]
    mine = Missing(way).fit(Rows(x, TRAIN.y, TRAIN.weight), COLUMNS[:3], 3).apply(x)
    assert np.allclose(mine, SimpleImputer(strategy=theirs).fit_transform(x.astype(np.float64)), rtol=1e-6)


def test_a_category_gets_its_commonest_code_and_a_column_without_values_0() -> None:
    clean = Missing("mean").fit(TRAIN, COLUMNS, 3).apply(X)
    codes = X[X[:, PROTO] > 0, PROTO]
    values, counts = np.unique(codes, return_counts=True)
    absent = ~(X[:, PROTO] > 0)
    assert set(clean[absent, PROTO]) == {values[counts.argmax()]}
    assert (clean[~absent, PROTO] == X[~absent, PROTO]).all()
    assert (clean[:, -1] == 0).all()


def test_filling_twice_is_filling_once() -> None:
    for way in ("mean", "median", "mode", "model"):
        step = Missing(way).fit(TRAIN, COLUMNS, 3)
        once = step.apply(X)
        assert np.array_equal(step.apply(once), once)
        assert np.isfinite(once).all()


def test_a_model_guesses_what_follows_from_the_other_columns() -> None:
    a = np.linspace(-1, 1, 400)
    x = np.stack([a, 3 * a + 2], axis=1).astype(np.float32)
    holes = x.copy()
    holes[::7, 1] = np.nan
    rows = Rows(holes, np.zeros(400, np.int64), np.ones(400, np.float32))
    clean = Missing("model").fit(rows, NUMBERS, 2).apply(holes)
    assert np.abs(clean - x).max() < 0.05
    # The same as scikit-learn's Ridge on the standardized column.
    known = ~np.isnan(holes[:, 1])
    z = ((a - x[:, 0].mean()) / x[:, 0].std())[:, None]
    theirs = Ridge(alpha=1.0).fit(z[known], holes[known, 1].astype(np.float64)).predict(z[~known])
    inside = np.clip(theirs, holes[known, 1].min(), holes[known, 1].max())
    assert np.allclose(clean[~known, 1], inside, atol=1e-5)


def test_a_guess_stays_within_what_training_saw() -> None:
    rows = Rows(X, TRAIN.y, TRAIN.weight)
    far = np.full((1, len(COLUMNS)), 3e38, np.float32)
    far[0, 1] = np.nan
    guess = Missing("model").fit(rows, COLUMNS, 3).apply(far)[0, 1]
    assert np.nanmin(X[:, 1]) <= guess <= np.nanmax(X[:, 1])


def test_rows_with_holes_are_dropped_from_training_only() -> None:
    x = np.array([[1, 2], [np.nan, 3], [4, np.inf]], dtype=np.float32)
    step = Missing("drop").fit(Rows(x, np.array([0, 1, 1]), np.ones(3, np.float32)), NUMBERS, 2)
    kept = step.train(Rows(x, np.array([0, 1, 1]), np.ones(3, np.float32)))
    assert kept.x.tolist() == [[1, 2]]
    assert step.detail_ == "2 rows with missing values dropped"
    assert np.array_equal(step.apply(x), x, equal_nan=True)
