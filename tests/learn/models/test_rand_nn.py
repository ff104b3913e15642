from pathlib import Path

import torch

from redshank.learn.models.rand_nn import RandNn


def example(place: Path) -> RandNn:  # noqa: ARG001  needs no files
    return RandNn(units=(24,), epochs=80, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_the_steps_of_a_sequence_stand_side_by_side() -> None:
    torch.manual_seed(0)
    model, x = RandNn(units=(4,)), torch.randn(6, 3, 5)
    layers = model.layers(5, 2, 3).eval()
    assert torch.equal(layers(x), layers(x.flatten(1)))
    assert layers(x).shape == (6, 2)
