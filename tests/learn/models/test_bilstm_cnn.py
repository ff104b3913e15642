from pathlib import Path

import torch
from torch import nn

from redshank.learn.layers.convolution import Convolutions
from redshank.learn.models.bilstm_cnn import BilstmCnn


def example(place: Path) -> BilstmCnn:  # noqa: ARG001  needs no files
    return BilstmCnn(units=(12,), filters=(12,), epochs=40, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_the_filters_look_at_both_directions_of_each_step() -> None:
    layers = BilstmCnn(units=(6,), filters=(4,)).layers(5, 3, 8)
    found = next(layer for layer in layers.modules() if isinstance(layer, Convolutions))
    assert [layer.in_channels for layer in found.stack if isinstance(layer, nn.Conv1d)] == [12]
    assert found.length == 4
    assert layers(torch.zeros(2, 8, 5)).shape == (2, 3)
