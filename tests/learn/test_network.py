import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch import nn

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.model import Epoch
from redshank.learn.network import Network

X = raw(120)
Y = classes(X)
OTHER = raw(60, seed=1)


class Linear(Network):
    """One linear layer."""

    epochs: int = 5
    batch_size: int = 16
    learning_rate: float = 0.01
    weight_decay: float = 0.0
    bins: int = 4

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        return nn.Linear(width * steps, n_classes)


class Windowed(Linear):
    """The same, with few rows of a file in memory."""

    window = 32


def _fit(model: Network, **more: Any) -> Network:
    return model.fit(X, Y, columns=COLUMNS, n_classes=3, **more)


def test_the_curve_has_a_line_per_epoch_and_each_is_reported() -> None:
    seen: list[Epoch] = []
    model = Linear(epochs=4)
    model.on_epoch = seen.append
    _fit(model, validation=(OTHER, classes(OTHER)))
    assert seen == model.curve_
    assert [epoch.epoch for epoch in seen] == [1, 2, 3, 4]
    found = model.predict_proba(OTHER)
    right = found.argmax(axis=1) == classes(OTHER)
    assert seen[-1].validation_accuracy == pytest.approx(right.mean())
    assert seen[-1].validation_loss == pytest.approx(-np.log(found[np.arange(60), classes(OTHER)]).mean(), abs=1e-5)
    assert seen[-1].train_loss < seen[0].train_loss
    assert seen[-1].train_accuracy > seen[0].train_accuracy


def test_without_validation_all_epochs_run_and_the_curve_says_nan() -> None:
    curve = _fit(Linear(epochs=6, patience=1)).curve_
    assert len(curve) == 6
    assert all(math.isnan(epoch.validation_loss) and math.isnan(epoch.validation_accuracy) for epoch in curve)


def test_training_stops_after_patience_and_the_best_weights_are_kept() -> None:
    wrong = 2 - classes(OTHER)  # the better the training rows are learnt, the worse this gets
    model = _fit(Linear(epochs=50, patience=3), validation=(OTHER, wrong))
    losses = [epoch.validation_loss for epoch in model.curve_]
    best = int(np.argmin(losses))
    assert len(losses) == best + 1 + 3
    found = model.predict_proba(OTHER)[np.arange(60), wrong]
    assert -np.log(found).mean() == pytest.approx(losses[best], abs=1e-5)


def test_another_seed_gives_other_weights() -> None:
    assert not np.array_equal(_fit(Linear(seed=1)).predict_proba(X), _fit(Linear(seed=2)).predict_proba(X))


def test_an_interrupt_leaves_the_trained_model_as_it_was() -> None:
    def interrupt(_: Epoch) -> None:
        raise KeyboardInterrupt

    model = _fit(Linear())
    before, curve = model.predict_proba(X), model.curve_
    model.on_epoch = interrupt
    for warm_start in (False, True):
        with pytest.raises(KeyboardInterrupt):
            _fit(model, warm_start=warm_start)
    assert np.array_equal(model.predict_proba(X), before)
    assert model.curve_ == curve


def test_a_warm_start_keeps_the_encoding_that_the_weights_were_trained_on() -> None:
    model = _fit(Linear(epochs=0))
    before = model.predict_proba(X)
    model.fit(X * 100, Y, columns=COLUMNS, n_classes=3, warm_start=True)
    assert np.array_equal(model.predict_proba(X), before)


def test_a_warm_start_of_an_untrained_model_is_a_start() -> None:
    assert np.array_equal(_fit(Linear(), warm_start=True).predict_proba(X), _fit(Linear()).predict_proba(X))


def test_a_warm_start_on_other_columns_is_refused() -> None:
    model = _fit(Linear(epochs=1))
    with pytest.raises(ValueError, match="given 5 columns and 3 classes, the network was trained on 6 columns and 3"):
        model.fit(X[:, :5], Y, columns=COLUMNS[:5], n_classes=3, warm_start=True)


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        _fit(Linear(epochs=-1, batch_size=0, patience=0, weight_decay=-0.5, learning_rate=0.0))
    assert caught.value.problems == [
        "epochs: -1 is not 0 or more",
        "batch_size: 0 is not 1 or more",
        "patience: 0 is not 1 or more",
        "weight_decay: -0.5 is not 0 or more",
        "learning_rate: 0.0 is not above 0",
    ]


def test_every_wrong_training_option_is_named() -> None:
    wrong: dict[str, Any] = {"imbalance": "more", "schedule": "steps", "gamma": -1, "clip": -1, "smoothing": 1.0}
    with pytest.raises(ConfigError) as caught:
        _fit(Linear(**wrong, warm_up=1.5))
    assert caught.value.problems == [
        "gamma: -1 is not 0 or more",
        "clip: -1 is not 0 or more",
        "smoothing: 1.0 is not between 0 and 1",
        "warm_up: 1.5 is not 0 to 1",
        "imbalance: 'more' is not one of none, balanced, focal, oversample",
        "schedule: 'steps' is not one of constant, cosine, one_cycle",
    ]


@pytest.mark.parametrize("imbalance", ["balanced", "oversample"])
def test_a_rare_class_is_found_more_often_when_it_counts(imbalance: str) -> None:
    x = raw(400, seed=3)
    rare = np.flatnonzero(classes(x) == 2)[8:]
    x = np.delete(x, rare, axis=0)
    y = classes(x)
    recall = [
        (Linear(epochs=8, imbalance=how).fit(x, y, columns=COLUMNS, n_classes=3).predict_proba(x)[y == 2, 2]).mean()
        for how in ("none", imbalance)
    ]
    assert recall[1] > recall[0]


def test_rows_of_a_file_train_as_rows_in_memory_do(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    model = Windowed(epochs=30).fit(mapped, Y, columns=COLUMNS, n_classes=3)
    assert (model.predict_proba(mapped).argmax(1) == Y).mean() > 0.9
    assert np.array_equal(model.predict_proba(mapped), model.predict_proba(X))


def test_rows_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"x has shape \(120, 6\), but there are 119 classes and 6 columns"):
        Linear().fit(X, Y[1:], columns=COLUMNS, n_classes=3)
    with pytest.raises(ValueError, match=r"x has shape \(0, 6\)"):
        Linear().fit(X[:0], Y[:0], columns=COLUMNS, n_classes=3)
    with pytest.raises(ValueError, match="y holds 0 to 2, allowed is 0 to 1"):
        Linear().fit(X, Y, columns=COLUMNS, n_classes=2)
