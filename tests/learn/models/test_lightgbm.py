from pathlib import Path

import numpy as np
import pytest

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.model import Epoch
from redshank.learn.models.lightgbm import Lightgbm


def example(place: Path) -> Lightgbm:  # noqa: ARG001  needs no files
    return Lightgbm(rounds=60, learning_rate=0.2, leaves=15, leaf_rows=1, leaf_hessian=1e-3, penalty=0.0)


def test_boosting_stops_when_validation_gets_no_better_and_keeps_the_best_round(tmp_path: Path) -> None:
    x, other = raw(300), raw(300, seed=1)
    noisy = np.where(np.random.default_rng(0).random(300) < 0.3, 0, classes(x))
    model = example(tmp_path).set_params(rounds=500, patience=5)
    model.fit(x, noisy, columns=COLUMNS, n_classes=3, validation=(other, classes(other)))
    losses = [epoch.validation_loss for epoch in model.curve_]
    best = int(np.argmin(losses)) + 1
    assert len(losses) == best + 5
    found = model.predict_proba(other)
    assert -np.log(found[np.arange(300), classes(other)]).mean() == pytest.approx(losses[best - 1], abs=1e-4)


def test_the_curve_says_loss_and_accuracy_of_training_and_validation(tmp_path: Path) -> None:
    x = raw(200)
    seen: list[Epoch] = []
    model = example(tmp_path).set_params(rounds=3)
    model.on_epoch = seen.append
    model.fit(x, classes(x, 2), columns=COLUMNS, n_classes=2, validation=(x, classes(x, 2)))
    assert seen == model.curve_
    assert [epoch.epoch for epoch in seen] == [1, 2, 3]
    last = seen[-1]
    assert last.train_loss == pytest.approx(last.validation_loss)
    right = (model.predict_proba(x).argmax(axis=1) == classes(x, 2)).mean()
    assert last.train_accuracy == pytest.approx(right)
    assert last.validation_accuracy == pytest.approx(right)


def test_without_validation_the_curve_has_none(tmp_path: Path) -> None:
    model = example(tmp_path).set_params(rounds=2).fit(raw(60), classes(raw(60)), columns=COLUMNS, n_classes=3)
    assert len(model.curve_) == 2
    assert np.isnan([epoch.validation_loss for epoch in model.curve_]).all()


def test_an_interrupt_leaves_the_model_as_it_was(tmp_path: Path) -> None:
    def interrupt(_: Epoch) -> None:
        raise KeyboardInterrupt

    x = raw(60)
    model = example(tmp_path).fit(x, classes(x), columns=COLUMNS, n_classes=3)
    before = model.predict_proba(x)
    model.on_epoch = interrupt
    with pytest.raises(KeyboardInterrupt):
        model.fit(x, 2 - classes(x), columns=COLUMNS, n_classes=3)
    assert np.array_equal(model.predict_proba(x), before)


def test_every_wrong_setting_is_named(tmp_path: Path) -> None:
    wrong = {"rounds": -1, "patience": 0, "leaves": 1, "learning_rate": 0.0, "leaf_hessian": 0.0, "share": 1.5}
    with pytest.raises(ConfigError) as caught:
        example(tmp_path).set_params(**wrong).fit(raw(9), classes(raw(9)), columns=COLUMNS, n_classes=3)
    assert caught.value.problems == [
        "rounds: -1 is not 0 or more",
        "patience: 0 is not 1 or more",
        "leaves: 1 is not 2 or more",
        "learning_rate: 0.0 is not above 0",
        "leaf_hessian: 0.0 is not above 0",
        "share: 1.5 is not at most 1",
    ]


def test_a_warm_start_with_other_classes_is_refused(tmp_path: Path) -> None:
    x = raw(60)
    model = example(tmp_path).set_params(rounds=1).fit(x, classes(x), columns=COLUMNS, n_classes=3)
    with pytest.raises(ValueError, match="6 columns and 4 classes, the trees were grown on 6 columns and 3"):
        model.fit(x, classes(x), columns=COLUMNS, n_classes=4, warm_start=True)
