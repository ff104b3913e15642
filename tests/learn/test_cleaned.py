import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from model_rows import COLUMNS, classes, raw
from redshank.learn.cleaned import Cleaned
from redshank.learn.export import export
from redshank.learn.model import Epoch, Model
from redshank.learn.models.fnn import Fnn
from redshank.learn.models.lightgbm import Lightgbm

X = raw(150)
Y = classes(X)
ALL = ("duplicates", "outliers:quantile", "skew:log", "missing:model", "encode:target", "scale:standard")


def tiny() -> Fnn:
    return Fnn(units=8, blocks=1, epochs=2, inputs="minmax")


@pytest.mark.parametrize(
    ("model", "clean"),
    [
        (tiny(), ALL),
        (Lightgbm(rounds=5), ALL),
        (Lightgbm(rounds=5), ("skew:quantile", "missing:mode", "encode:one-hot")),
        (Lightgbm(rounds=5), ("skew:yeo-johnson", "scale:minmax")),
    ],
)
def test_the_graph_holds_the_steps_and_agrees(model: Model, clean: tuple[str, ...]) -> None:
    cleaned = Cleaned(model=clone(model), clean=clean, seed=1).fit(
        X, Y, columns=COLUMNS, n_classes=3, validation=(X, Y)
    )
    export(cleaned, X)  # raises if graph and model differ
    assert cleaned.predict_proba(raw(7, seed=2)).shape == (7, 3)
    assert len(cleaned.curve_) >= 1


def test_sequences_are_exported_too() -> None:
    x = raw(120, seed=3).reshape(40, -1)
    x[::4, : len(COLUMNS)] = np.nan
    cleaned = Cleaned(model=tiny(), clean=("missing:median", "scale:robust"))
    cleaned.fit(x, np.arange(40) % 2, columns=COLUMNS, n_classes=2, steps=3)
    export(cleaned, x)


def test_a_warm_start_keeps_the_steps() -> None:
    cleaned = Cleaned(model=tiny(), clean=("scale:standard",)).fit(X, Y, columns=COLUMNS, n_classes=3)
    before = cleaned.cleaning_.apply(X)
    cleaned.fit(X * 2, Y, columns=COLUMNS, n_classes=3, warm_start=True)
    assert np.array_equal(cleaned.cleaning_.apply(X), before, equal_nan=True)


def test_it_says_its_settings_and_a_clone_is_untrained() -> None:
    cleaned = Cleaned(model=tiny(), clean=("missing:mean",)).fit(X, Y, columns=COLUMNS, n_classes=3)
    assert cleaned.settings()["clean"] == ("missing:mean",)
    assert cleaned.settings()["units"] == 8
    with pytest.raises(NotFittedError):
        clone(cleaned).predict_proba(X)


def test_epochs_are_told_through() -> None:
    told: list[Epoch] = []
    cleaned = Cleaned(model=tiny(), clean=("scale",))
    cleaned.on_epoch = told.append
    cleaned.fit(X, Y, columns=COLUMNS, n_classes=3)
    assert [epoch.epoch for epoch in told] == [1, 2]
    cleaned.on_epoch = None
    assert cleaned.on_epoch is None
