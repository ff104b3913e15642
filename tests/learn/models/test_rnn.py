from pathlib import Path

from redshank.learn.layers.one_step import GATES, OneStep
from redshank.learn.models.rnn import Rnn


def example(place: Path) -> Rnn:  # noqa: ARG001  needs no files
    return Rnn(units=(16, 12), epochs=40, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_its_cell_has_as_many_gates_as_one_step_needs() -> None:
    layers = [layer for layer in Rnn(units=(8,)).layers(20, 3, 1).modules() if isinstance(layer, OneStep)]
    assert [(layer.cell, layer.gates.out_features) for layer in layers] == [("rnn", 8 * GATES["rnn"])]
