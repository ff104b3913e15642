from pathlib import Path

from torch import nn

from redshank.learn.models.cnn import Cnn


def example(place: Path) -> Cnn:  # noqa: ARG001  needs no files
    return Cnn(filters=(12,), units=24, epochs=40, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_a_dense_layer_judges_all_places_together() -> None:
    layers = [layer for layer in Cnn(filters=(4, 6), units=7).layers(5, 3, 8).modules() if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in layers] == [(2 * 6, 7), (7, 3)]
