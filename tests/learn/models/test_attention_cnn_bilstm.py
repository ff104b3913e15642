from pathlib import Path

import torch

from redshank.learn.layers.attention import AttentionPool
from redshank.learn.layers.unrolled import Unrolled
from redshank.learn.models.attention_cnn_bilstm import AttentionCnnBilstm


def example(place: Path) -> AttentionCnnBilstm:  # noqa: ARG001  needs no files
    return AttentionCnnBilstm(filters=(12,), units=(12,), epochs=40, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_recurrent_layers_read_what_the_filters_found_and_a_pool_is_judged() -> None:
    layers = AttentionCnnBilstm(filters=(4,), units=(6,)).layers(5, 3, 8)
    found = list(layers.modules())
    read = next(layer for layer in found if isinstance(layer, Unrolled))
    assert read.recurrent.input_size == 4
    assert any(isinstance(layer, AttentionPool) for layer in found[found.index(read) :])
    assert layers(torch.zeros(2, 8, 5)).shape == (2, 3)
