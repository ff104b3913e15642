import numpy as np
import onnx
import torch
from torch import nn

from model_rows import COLUMNS
from redshank.learn.export import score
from redshank.learn.graphed import Graphed, graph


class Halves(Graphed):
    """Its logits are the first column and nothing, reckoned in float64."""

    def fit(self, *_: object, **__: object) -> "Halves":
        self.network_ = _Logits().eval()
        self.columns_ = COLUMNS
        return self


class _Logits(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([torch.zeros_like(x[:, 0]), x[:, 0]], dim=1).to(torch.float64)


def test_the_graph_says_nothing_of_the_machine_it_was_made_on() -> None:
    model = onnx.load_from_string(graph(nn.Linear(3, 2).eval(), 3))
    parts = [model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output, *model.graph.initializer]
    assert not any(part.doc_string or len(part.metadata_props) for part in parts)


def test_the_graph_of_layers_computes_the_layers() -> None:
    layers = nn.Sequential(nn.Linear(3, 2), nn.Tanh()).eval()
    x = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    with torch.no_grad():
        assert np.allclose(score(graph(layers, 3), x), layers(torch.from_numpy(x)).numpy(), atol=1e-6)


def test_logits_of_any_precision_become_probabilities_of_float32() -> None:
    x = np.log(np.array([[1] * 6, [3] * 6], dtype=np.float32))
    model = Halves().fit()
    for found in (model.predict_proba(x), score(model.to_onnx(), x)):
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, [[0.5, 0.5], [0.25, 0.75]], atol=1e-6)
