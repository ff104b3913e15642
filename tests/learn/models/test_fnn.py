from pathlib import Path

import pytest
import torch
from torch import nn

from model_rows import COLUMNS, classes, raw
from redshank.core.errors import ConfigError
from redshank.learn.models.fnn import Fnn


def example(place: Path) -> Fnn:  # noqa: ARG001  needs no files
    return Fnn(units=32, blocks=2, epochs=100, batch_size=32, learning_rate=0.005, dropout=0.0)


def test_residual_blocks_add_to_what_they_were_given() -> None:
    layers = Fnn(units=4, blocks=1).layers(3, 2, 1)
    assert isinstance(layers, nn.Sequential)
    block = layers[1]
    x = torch.randn(5, 4)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        assert torch.equal(block(x), x)


def test_the_plain_network_is_layers_of_relu() -> None:
    layers = Fnn(units=4, blocks=2, residual=False).layers(3, 2, 1)
    assert isinstance(layers, nn.Sequential)
    assert [type(layer).__name__ for layer in layers] == ["Linear", "ReLU", "Dropout"] * 2 + ["Linear"]


def test_every_wrong_setting_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        Fnn(units=0, blocks=0, dropout=-0.1).fit(raw(9), classes(raw(9)), columns=COLUMNS, n_classes=3)
    assert caught.value.problems == [
        "units: 0 is not 1 or more",
        "blocks: 0 is not 1 or more",
        "dropout: -0.1 is not between 0 and 1",
    ]
