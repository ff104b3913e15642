from pathlib import Path

import pytest
import torch
from torch import nn

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.models.bilstm import Bilstm, OneStep


def example(place: Path) -> Bilstm:  # noqa: ARG001  needs no files
    return Bilstm(units=(16, 12, 8), epochs=100, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_the_defaults_are_the_recipe_of_the_study() -> None:
    settings = Bilstm().get_params()
    recipe = {"dropout": 0.2, "epochs": 10, "batch_size": 32, "patience": 3, "weight_decay": 0.0}
    assert {name: settings[name] for name in recipe} == recipe
    assert list(settings["units"]) == sorted(settings["units"], reverse=True)
    assert len(settings["units"]) == 3


def test_one_step_is_what_torch_computes_for_a_sequence_of_one_step() -> None:
    torch.manual_seed(0)
    peer = nn.LSTM(5, 4, bidirectional=True, batch_first=True)
    ours = OneStep(5, 4)
    with torch.no_grad():
        for side, suffix in enumerate(("", "_reverse")):
            weight = peer.get_parameter(f"weight_ih_l0{suffix}")
            bias = peer.get_parameter(f"bias_ih_l0{suffix}") + peer.get_parameter(f"bias_hh_l0{suffix}")
            for ours_at, torch_at in ((0, 0), (1, 2), (2, 3)):  # torch: input, forget, cell, output
                rows = slice(8 * ours_at + 4 * side, 8 * ours_at + 4 * side + 4)
                ours.gates.weight[rows] = weight[4 * torch_at : 4 * torch_at + 4]
                ours.gates.bias[rows] = bias[4 * torch_at : 4 * torch_at + 4]
        x = torch.randn(6, 5)
        assert torch.allclose(ours(x), peer(x[:, None])[0][:, 0], atol=1e-6)


def test_each_layer_takes_both_directions_of_the_one_before() -> None:
    layers = list(Bilstm(units=(8, 6)).layers(20, 3, 1).children())
    widths = [(layer.gates.in_features, layer.gates.out_features) for layer in layers if isinstance(layer, OneStep)]
    assert widths == [(20, 48), (16, 36)]
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
