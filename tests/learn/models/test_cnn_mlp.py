from pathlib import Path

import torch
from torch import nn

from redshank.learn.models.cnn_mlp import CnnMlp


def example(place: Path) -> CnnMlp:  # noqa: ARG001  needs no files
    return CnnMlp(filters=(8,), units=(24,), epochs=40, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_the_head_judges_both_sides() -> None:
    layers = CnnMlp(filters=(4,), units=(7,)).layers(5, 3, 8)
    head = [layer for layer in layers.modules() if isinstance(layer, nn.Linear)][-1]
    assert head.in_features == 4 * 4 + 7
    assert layers(torch.zeros(2, 8, 5)).shape == (2, 3)
