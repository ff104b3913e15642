"""A model that is one torch module: it scores with it, and writes it as its graph.

In: a module from raw values to class logits, however it came to be: a network by gradient descent, a sum of densities
by counting. Out: probabilities, and the ONNX graph that gives the same.
The one idea: what is computed in training and what is served are the same few lines.
"""

import io
import warnings
from collections.abc import Sequence
from dataclasses import field

import onnx
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from redshank.learn.model import Floats, Model

EXPORTER_SAYS = (
    "You are using the legacy TorchScript-based ONNX export",
    "The feature will be removed. Please remove usage",  # said of what the exporter itself calls
    "Using len to get tensor shape",  # of what is fitted, which never changes
    "Converting a tensor to a Python boolean",  # a recurrent layer compares widths
    "Exporting a model to ONNX with a batch_size other than 1",  # `export` tries several sizes
)
OPSET = 20  # the first with GELU
SCORING_ROWS = 4096  # rows scored at once: enough to be fast, few enough to stay in cache


class Graphed(Model):
    """A model whose trained form is `network_`; `fit` sets it.

    Shape:
        network_: [n, steps * c] float32, raw values -> [n, k] logits, float32 or float64.
    """

    network_: nn.Module = field(init=False)

    def predict_proba(self, x: Floats) -> Floats:
        """Return class probabilities."""
        check_is_fitted(self, "network_")
        with torch.no_grad():
            parts = range(0, max(len(x), 1), SCORING_ROWS)  # a copy of each part: `x` may be a file to be read only
            logits = [self.network_(torch.tensor(x[at : at + SCORING_ROWS])) for at in parts]
            probabilities: Floats = torch.softmax(torch.cat(logits), dim=1).to(torch.float32).numpy()
        return probabilities

    def to_onnx(self) -> bytes:
        """Return the graph, from raw values to probabilities."""
        check_is_fitted(self, "network_")
        return graph(nn.Sequential(self.network_, Probabilities()).eval(), len(self.columns_))


class Probabilities(nn.Module):
    """Class probabilities of logits.

    Shape:
        forward: [n, k] -> [n, k] float32.
    """

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        """Turn logits into probabilities."""
        return torch.softmax(logits, dim=1).to(torch.float32)


def graph(network: nn.Module, width: int, outputs: Sequence[str] = ("probabilities",)) -> bytes:
    """Write `network` as one ONNX graph without what the exporter tells of this machine.

    torch calls this exporter the legacy one. The other takes 30 to 50 times as long (2 to 7 s for a small network) and
    gives a graph that is neither more exact nor faster.

    Args:
        network: What is written.
        width: Width of its input.
        outputs: Names of what it gives.

    Shape:
        network: [n, width] float32 -> [n, k], or a tuple of such; n stays free.
    """
    written = io.BytesIO()
    free = {0: "n"}
    with warnings.catch_warnings(), torch.no_grad():
        for message in EXPORTER_SAYS:
            warnings.filterwarnings("ignore", message)
        torch.onnx.export(
            network,
            (torch.zeros(2, width),),
            written,  # type: ignore[arg-type, unused-ignore]  # this exporter writes to a file object, too
            input_names=["x"],
            output_names=list(outputs),
            dynamic_axes=dict.fromkeys(("x", *outputs), free),
            opset_version=OPSET,
            dynamo=False,
        )
    return lean(onnx.load_from_string(written.getvalue()))


def lean(model: onnx.ModelProto) -> bytes:
    """Drop notes that change nothing: stack traces with file paths, names of Python objects."""
    for part in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    for item in (*model.graph.initializer, *model.graph.value_info):
        del item.metadata_props[:]
        item.doc_string = ""
    del model.graph.value_info[:]
    whole: bytes = model.SerializeToString(deterministic=True)
    return whole
