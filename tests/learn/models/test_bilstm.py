from pathlib import Path

import pytest
from torch import nn

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.layers.one_step import OneStep
from redshank.learn.models.bilstm import Bilstm


def example(place: Path) -> Bilstm:  # noqa: ARG001  needs no files
    return Bilstm(units=(16, 12, 8), epochs=40, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_the_paper_preset_is_the_recipe_of_the_study() -> None:
    recipe = {"dropout": 0.2, "epochs": 10, "batch_size": 32, "patience": 3, "weight_decay": 0.0, "inputs": "minmax"}
    settings = Bilstm(**Bilstm.PRESETS["paper"]).get_params()
    assert {name: settings[name] for name in recipe} == recipe
    assert list(settings["units"]) == sorted(settings["units"], reverse=True)
    assert len(settings["units"]) == 3


def test_the_head_takes_both_directions_of_the_last_layer() -> None:
    layers = list(Bilstm(units=(8, 6)).layers(20, 3, 1).modules())
    assert [layer.gates.in_features for layer in layers if isinstance(layer, OneStep)] == [20, 16]
    head = layers[-1]
    assert isinstance(head, nn.Linear)
    assert (head.in_features, head.out_features) == (12, 3)


@pytest.mark.parametrize("units", [(), (8, 0)])
def test_every_wrong_setting_is_named(units: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError) as caught:
        Bilstm(units=units, dropout=1.0, epochs=-2).fit(raw(9), classes(raw(9)), columns=COLUMNS, n_classes=3)
    assert caught.value.problems == [
        "epochs: -2 is not 0 or more",
        f"units: {units} is not one number or more, each 1 or more",
        "dropout: 1.0 is not between 0 and 1",
    ]
