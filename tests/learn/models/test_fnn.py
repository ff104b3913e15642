from pathlib import Path

import torch
from torch import nn

from redshank.learn.models.fnn import Fnn


def example(place: Path) -> Fnn:  # noqa: ARG001  needs no files
    return Fnn(units=32, blocks=2, epochs=100, batch_size=16, learning_rate=0.005, dropout=0.0)


def test_residual_blocks_add_to_what_they_were_given() -> None:
    layers = Fnn(units=4, blocks=1).layers(3, 2)
    assert isinstance(layers, nn.Sequential)
    block = layers[1]
    x = torch.randn(5, 4)
    with torch.no_grad():
        for parameter in block.parameters():
            parameter.zero_()
        assert torch.equal(block(x), x)


def test_the_plain_network_is_layers_of_relu() -> None:
    layers = Fnn(units=4, blocks=2, residual=False).layers(3, 2)
    assert isinstance(layers, nn.Sequential)
    assert [type(layer).__name__ for layer in layers] == ["Linear", "ReLU", "Dropout"] * 2 + ["Linear"]
