"""Every model keeps the promises of `learn/model.py`."""

import copy
import functools
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import optuna
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from contracts.examples import example_of
from model_rows import COLUMNS, PROTO, classes, raw
from redshank.features.feature_set import UNKNOWN
from redshank.learn.export import export, score
from redshank.learn.model import MODELS, Classes, Floats, Model
from redshank.learn.settings import check_settings

NAMES = MODELS.names()
ONE_CLASS = [name for name in NAMES if MODELS.find(name).one_class]
CLASSIFIERS = [name for name in NAMES if name not in ONE_CLASS]
EXPORTED = [name for name in NAMES if MODELS.find(name).exports]
X = raw(96)
Y = classes(X)


def _new(name: str) -> Model:
    with tempfile.TemporaryDirectory() as place:
        built = example_of("learn/models", name)(Path(place))
    assert isinstance(built, Model)
    return built


def _says(name: str, what: str) -> bool:
    """Whether the mirrored test of a model leaves a promise standing: LEARNS or BY_HEART = False takes it back."""
    return bool(example_of("learn/models", name).__globals__.get(what, True))


def _fit(model: Model, x: Floats = X, y: Classes = Y, n_classes: int = 3, **more: Any) -> Model:
    if model.one_class:
        y, n_classes = np.minimum(y, 1), 2
    return model.fit(x, y, columns=COLUMNS, n_classes=n_classes, **more)


@functools.cache
def _fitted(name: str) -> Model:
    return _fit(_new(name))


@functools.cache
def _graph(name: str) -> bytes:
    return export(_fitted(name), X)


def _budget(model: Model) -> str | None:
    return next((setting for setting in ("epochs", "rounds") if setting in model.get_params()), None)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_model_learns_classes_that_two_columns_tell_apart(name: str) -> None:
    """LEARNS = False: the model does not look at its input."""
    if _says(name, "LEARNS"):
        assert (_fitted(name).predict_proba(X).argmax(axis=1) == Y).mean() >= 0.8


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_model_learns_32_rows_with_random_classes_by_heart(name: str) -> None:
    """BY_HEART = False: the model has fewer numbers to set than there are rows."""
    if not (_says(name, "LEARNS") and _says(name, "BY_HEART")):
        return
    x, y = raw(32, seed=1), np.random.default_rng(2).integers(0, 3, 32)
    assert (_fit(_new(name), x, y).predict_proba(x).argmax(axis=1) == y).sum() >= 31


@pytest.mark.parametrize("name", NAMES)
def test_presets_are_settings_of_the_model(name: str) -> None:
    for settings in MODELS.find(name).PRESETS.values():
        check_settings(name, settings)


@pytest.mark.parametrize("name", NAMES)
def test_probabilities_are_probabilities(name: str) -> None:
    found = _fitted(name).predict_proba(raw(50, seed=3))
    assert found.dtype == np.float32
    assert found.shape == (50, len(_fitted(name).classes_))
    assert found.min() >= 0
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_clone_is_untrained(name: str) -> None:
    again = clone(_fitted(name))
    assert repr(again.get_params()) == repr(_fitted(name).get_params())
    with pytest.raises(NotFittedError):
        again.predict_proba(X)
    with pytest.raises(NotFittedError):
        again.to_onnx()


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_model_and_rows_and_the_random_state_of_others_are_left_alone(name: str) -> None:
    x, y = X.copy(), Y.copy()
    torch.manual_seed(5)
    wanted = torch.rand(1)
    torch.manual_seed(5)
    np.random.seed(5)  # noqa: NPY002  the global state is what must not change
    before = np.random.get_state()[1].tolist()  # type: ignore[index]  # noqa: NPY002
    again = _fit(clone(_fitted(name)), x, y)
    assert torch.rand(1) == wanted
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index]  # noqa: NPY002
    assert np.array_equal(x, X, equal_nan=True)
    assert np.array_equal(y, Y)
    assert np.array_equal(again.predict_proba(X), _fitted(name).predict_proba(X))


@pytest.mark.parametrize("name", NAMES)
def test_a_code_that_no_vocabulary_has_counts_as_unknown(name: str) -> None:
    x = np.repeat(raw(20, seed=4), 3, axis=0)
    x[0::3, PROTO], x[1::3, PROTO], x[2::3, PROTO] = UNKNOWN, 99, -3
    found = _fitted(name).predict_proba(x)
    assert np.allclose(found[0::3], found[1::3], atol=1e-6)
    assert np.allclose(found[0::3], found[2::3], atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, -3e38])
def test_any_value_gives_probabilities_and_the_graph_agrees(name: str, value: float) -> None:
    x = np.repeat(raw(1, seed=5), len(COLUMNS) + 1, axis=0)
    np.fill_diagonal(x, value)
    x[-1] = value
    found = _fitted(name).predict_proba(x)
    assert np.isfinite(found).all()
    if name in EXPORTED:
        assert np.abs(score(_graph(name), x) - found).max() <= 1e-4


@pytest.mark.parametrize("name", EXPORTED)
@pytest.mark.parametrize("rows", [1, 7, 256])
def test_the_graph_gives_what_the_model_gives_at_every_batch_size(name: str, rows: int) -> None:
    x = raw(rows, seed=rows)
    assert np.abs(score(_graph(name), x) - _fitted(name).predict_proba(x)).max() <= 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_a_row_is_scored_alone_as_in_a_batch(name: str) -> None:
    x = raw(9, seed=6)
    alone = np.concatenate([_fitted(name).predict_proba(row[None]) for row in x])
    assert np.allclose(alone, _fitted(name).predict_proba(x), atol=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in EXPORTED])
def test_a_model_without_a_graph_says_so_in_one_line(name: str) -> None:
    with pytest.raises(ValueError, match=r"^[^\n]*no graph[^\n]*$"):
        _fitted(name).to_onnx()


@pytest.mark.parametrize("name", EXPORTED)
def test_the_graph_is_one_file_with_the_agreed_names(name: str) -> None:
    model = onnx.load_from_string(_graph(name))
    onnx.checker.check_model(model, full_check=True)
    (x,), (out, *more) = model.graph.input, model.graph.output
    k = len(_fitted(name).classes_)
    assert (x.name, out.name) == ("x", "probabilities")
    assert [d.dim_param or d.dim_value for d in x.type.tensor_type.shape.dim] == ["n", len(COLUMNS)]
    assert [d.dim_param or d.dim_value for d in out.type.tensor_type.shape.dim] == ["n", k]
    for other in more:  # an autoencoder also tells its error at each column
        assert other.name == "errors"
        assert [d.dim_param or d.dim_value for d in other.type.tensor_type.shape.dim] == ["n", len(COLUMNS)]
    assert len(more) <= 1
    assert not any(item.external_data for item in model.graph.initializer)
    assert str(Path(__file__).parents[2]).encode() not in _graph(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_warm_start_without_training_changes_nothing(name: str) -> None:
    model = copy.deepcopy(_fitted(name))
    before = model.predict_proba(X)
    budget = _budget(model)
    if budget:
        model.set_params(**{budget: 0})
    _fit(model, warm_start=True)
    assert np.array_equal(model.predict_proba(X), before)


@pytest.mark.parametrize("name", NAMES)
def test_a_warm_start_goes_on_from_the_weights_there_are(name: str) -> None:
    model = _new(name)
    budget = _budget(model)
    if not budget:
        return
    model.set_params(**{budget: 3})
    first = _fit(model).curve_
    second = _fit(model, warm_start=True).curve_
    assert second[0].train_loss < first[0].train_loss


@pytest.mark.parametrize(("name", "n_classes"), [*product(CLASSIFIERS, (2, 5)), *product(ONE_CLASS, (2,))])
def test_untrained_weights_give_probabilities_too(name: str, n_classes: int) -> None:
    model = _new(name)
    budget = _budget(model)
    if budget:
        model.set_params(**{budget: 0})
    _fit(model, X, classes(X, 2), n_classes)
    assert model.curve_ == []
    found = model.predict_proba(X)
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
    assert found.shape == (len(X), n_classes)


@pytest.mark.parametrize("name", CLASSIFIERS)
@pytest.mark.parametrize(
    ("rows", "n_classes"),
    [
        pytest.param(X[:1], 4, id="one row"),
        pytest.param(X[:40], 2, id="one class"),
        pytest.param(np.full_like(X[:40], np.nan), 4, id="nothing but absent values"),
    ],
)
def test_classes_missing_from_training_keep_their_place(name: str, n_classes: int, rows: Floats) -> None:
    y = np.full(len(rows), n_classes - 1, dtype=np.int64)
    model = _new(name)
    if _budget(model) == "epochs":  # one class is learned in a few
        model.set_params(epochs=-(-model.get_params()["epochs"] // 4))
    model = _fit(model, rows, y, n_classes)
    assert model.classes_.tolist() == list(range(n_classes))
    assert (model.predict_proba(rows).argmax(axis=1) == n_classes - 1).all()
    found = model.predict_proba(X)
    assert found.shape == (len(X), n_classes)
    assert np.isfinite(found).all()
    stopped = _fit(model, rows, y, n_classes, validation=(X, classes(X, n_classes)))
    assert np.isfinite(stopped.predict_proba(X)).all()


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_the_weight_of_a_row_counts(name: str) -> None:
    x = np.repeat(raw(1, seed=7), 60, axis=0)
    y = np.arange(60) % 2
    weight = np.where(y == 1, 9, 1).astype(np.float32)
    model = _fit(_new(name), x, y, 2, weight=weight)
    assert model.predict_proba(x[:1])[0, 1] == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_a_sequence_of_three_steps_is_learned_and_exported(name: str) -> None:
    x = np.concatenate([raw(60, seed=8), raw(60, seed=9), raw(60, seed=10)], axis=1)
    x[::4, : len(COLUMNS)] = np.nan  # histories that are not there yet
    y = np.arange(60) % 2
    model = _new(name)
    budget = _budget(model)
    if budget:
        model.set_params(**{budget: 5})  # it is about steps, not about how well they are told apart
    found = _fit(model, x, y, 2, steps=3).predict_proba(x)
    assert found.shape == (60, 2)
    assert np.isfinite(found).all()
    if model.exports:
        assert np.abs(score(export(model, x), x) - found).max() <= 1e-4


@pytest.mark.parametrize("name", ONE_CLASS)
def test_attack_rows_and_rows_without_weight_never_influence_what_learns_from_benign_rows(name: str) -> None:
    y, other = np.minimum(Y, 1), raw(96, seed=11)
    held_out = raw(40, seed=12)
    one = _fit(_new(name), validation=(held_out, classes(held_out, 2)))
    x, weight = np.where(y[:, None] == 0, X, other), np.ones(106, dtype=np.float32)
    weight[96:] = 0
    held_out[classes(held_out, 2) == 1] = 7
    validation = (held_out, (held_out[:, 0] == 7).astype(np.int64))
    x, y = np.concatenate([x, other[:10]]), np.concatenate([y, np.zeros(10, dtype=np.int64)])
    two = _fit(_new(name), x, y, weight=weight, validation=validation)
    assert np.array_equal(one.predict_proba(X), two.predict_proba(X))


@pytest.mark.parametrize("name", ONE_CLASS)
def test_a_row_unlike_all_benign_ones_scores_higher_than_they(name: str) -> None:
    rng = np.random.default_rng(13)
    benign = np.stack([rng.lognormal(5, 0.3, 80), rng.lognormal(-2, 0.3, 80), rng.uniform(0.4, 0.6, 80)], axis=1)
    benign = np.concatenate([benign, np.tile([2, 3, np.nan], (80, 1))], axis=1)
    x = benign.astype(np.float32)
    strange = np.array([[1e9, 900, -3, 4, 5, 1e6]], dtype=np.float32)
    model = _fit(_new(name), x, np.zeros(80, dtype=np.int64))
    found = model.predict_proba(x)[:, 1]
    assert model.predict_proba(strange)[0, 1] > found.max()
    assert np.median(found) < 0.25


@pytest.mark.parametrize("name", ONE_CLASS)
def test_what_learns_from_benign_rows_refuses_families_and_a_table_without_benign_rows(name: str) -> None:
    with pytest.raises(ValueError, match="given 3 classes, but what learns from benign rows alone has two"):
        _new(name).fit(X, Y, columns=COLUMNS, n_classes=3)
    with pytest.raises(ValueError, match="none of 96 rows is benign"):
        _fit(_new(name), X, np.ones(96, dtype=np.int64))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_search_may_suggest_is_allowed(name: str) -> None:
    kind = MODELS.find(name)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for _ in range(20):
        suggested = kind.space(study.ask())
        assert suggested.keys() <= kind().get_params().keys() - {"seed"}
        problems = getattr(kind(**suggested), "problems", list)
        assert problems() == []
