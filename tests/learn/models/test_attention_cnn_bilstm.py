from pathlib import Path

from redshank.learn.layers.attention import AttentionPool
from redshank.learn.models.attention_cnn_bilstm import AttentionCnnBilstm


def example(place: Path) -> AttentionCnnBilstm:  # noqa: ARG001  needs no files
    return AttentionCnnBilstm(filters=(12,), units=(12,), epochs=40, batch_size=32, learning_rate=0.02, dropout=0.0)


def test_a_weighted_mean_is_judged() -> None:
    layers = AttentionCnnBilstm(filters=(4,), units=(6,)).layers(5, 3, 8)
    assert sum(isinstance(layer, AttentionPool) for layer in layers.modules()) == 1
