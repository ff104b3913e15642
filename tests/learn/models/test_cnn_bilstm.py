from pathlib import Path

import torch

from redshank.learn.layers.recurrence import Ends
from redshank.learn.layers.unrolled import Unrolled
from redshank.learn.models.cnn_bilstm import CnnBilstm


def example(place: Path) -> CnnBilstm:  # noqa: ARG001  needs no files
    return CnnBilstm(filters=(12,), units=(12,), epochs=40, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_recurrent_layers_read_what_the_filters_found_and_its_ends_are_judged() -> None:
    layers = CnnBilstm(filters=(4,), units=(6,)).layers(5, 3, 8)
    found = list(layers.modules())
    read = next(layer for layer in found if isinstance(layer, Unrolled))
    assert read.recurrent.input_size == 4
    assert any(isinstance(layer, Ends) for layer in found[found.index(read) :])
    assert layers(torch.zeros(2, 8, 5)).shape == (2, 3)
