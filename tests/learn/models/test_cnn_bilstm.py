from pathlib import Path

from redshank.learn.layers.recurrence import Ends
from redshank.learn.models.cnn_bilstm import CnnBilstm


def example(place: Path) -> CnnBilstm:  # noqa: ARG001  needs no files
    return CnnBilstm(filters=(12,), units=(12,), epochs=40, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_the_ends_are_judged() -> None:
    layers = CnnBilstm(filters=(4,), units=(6,)).layers(5, 3, 8)
    assert sum(isinstance(layer, Ends) for layer in layers.modules()) == 1
