import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.export import export
from redshank.learn.measures import confusion, macro_f1
from redshank.learn.model import Classes, Floats
from redshank.learn.models.lightgbm import Lightgbm
from redshank.learn.offsets import GRID, Offsets, climbed, factors

X = raw(200)
Y = classes(X)


def f1(probabilities: Floats, y: Classes) -> float:
    found = macro_f1(confusion(y, probabilities.argmax(1), np.ones(len(y)), probabilities.shape[1]))
    assert found is not None
    return found


@given(st.integers(0, 10_000), st.integers(2, 5), st.integers(1, 40))
def test_macro_f1_on_the_rows_it_was_chosen_on_never_falls(seed: int, k: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(np.ones(k), n).astype(np.float32)
    y = rng.integers(0, k, n)
    best, chosen = climbed(probabilities, y), factors(probabilities, y, seed)
    assert f1(probabilities * best, y) >= f1(probabilities, y)
    assert f1(probabilities * chosen, y) >= f1(probabilities, y)
    for each in (best, chosen):
        assert each[0] == 1
        assert all(each[c] == 1 for c in range(k) if not (y == c).any())
    assert set(best.tolist()) <= set(GRID.tolist())
    assert np.array_equal(chosen, factors(probabilities, y, seed))


def test_of_equally_good_factors_the_nearest_to_1_is_taken() -> None:
    certain = np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
    assert climbed(certain, np.array([0, 1, 2, 2])).tolist() == [1, 1, 1]
    unsure = np.array([[0.6, 0.4], [0.9, 0.1]], dtype=np.float32)
    assert climbed(unsure, np.array([1, 0])).tolist() == [1, 2], "more than 1.5 is enough, less than 9"


def test_a_class_that_is_told_too_rarely_is_told_more_often() -> None:
    y = np.repeat([0, 1], [90, 10])
    shy = np.where(y == 1, 0.3, 0.05).astype(np.float32)
    chosen = factors(np.stack([1 - shy, shy], axis=1), y, 0)
    assert 2.33 < chosen[1] < 19, "0.3 has to beat 0.7, 0.05 must not beat 0.95"


def test_the_factors_are_part_of_the_graph() -> None:
    model = Offsets(model=Lightgbm(rounds=3))
    model.fit(X, Y, columns=COLUMNS, n_classes=3, validation=(X[:60], Y[:60]))
    told = model.model.predict_proba(X)
    assert model.predict_proba(X).sum(1) == pytest.approx(1)
    assert np.array_equal(model.predict_proba(X).argmax(1), (told * model.factors_).argmax(1))
    model.factors_ = np.array([1, 4, 0.25], dtype=np.float32)
    assert not np.allclose(model.predict_proba(X), told, atol=0.01)
    assert export(model, X)
    assert model.settings()["factors"] == [1, 4, 0.25]


def test_without_validation_rows_there_is_nothing_to_choose_on() -> None:
    with pytest.raises(ConfigError, match="imbalance: 'offsets' chooses its factors on validation rows"):
        Offsets(model=Lightgbm(rounds=3)).fit(X, Y, columns=COLUMNS, n_classes=3)
