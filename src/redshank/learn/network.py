"""Train a torch network: the one loop that all deep models share.

In: raw feature values and classes; the layers and settings of a model. Out: a trained network with its input encoding,
its curve, its probabilities and its ONNX graph.
The one idea: everything lies in two tensors, and a batch is a slice of a permutation; there is no loader to feed.
"""

import copy
import io
import math
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar, Self

import numpy as np
import onnx
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn
from torch.nn.functional import cross_entropy

from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.inputs import EachStep, fit_inputs
from redshank.learn.model import Classes, Epoch, Floats, Model

EXPORTER_SAYS = (
    "You are using the legacy TorchScript-based ONNX export",
    "The feature will be removed. Please remove usage",  # said of what the exporter itself calls
    "Using len to get tensor shape",  # of what is fitted, which never changes
    "Converting a tensor to a Python boolean",  # a recurrent layer compares widths
    "Exporting a model to ONNX with a batch_size other than 1",  # `export` tries several sizes
)
OPSET = 20  # the first with GELU
SCORING_ROWS = 4096  # rows scored at once: enough to be fast, few enough to stay in cache


class Network(Model):
    """A model that is trained by gradient descent.

    A subclass adds its settings as fields, may give another default to one that stands here, and builds its layers.

    Args:
        epochs: Most passes over the training rows, 0 or more.
        batch_size: Rows per step, 1 or more.
        patience: Epochs without a lower validation loss before training stops; the best weights are kept.
        learning_rate: Of Adam, above 0.
        weight_decay: Of AdamW; 0 makes it Adam.
        dropout: Share of what each layer or block gives that is dropped while training, 0 or more, below 1.
        inputs: "bins" or "minmax", see `learn/inputs.py`.
        bins: Most bins per number, 1 to 256.
        seed: Of weights, order of rows and dropout.
    """

    epochs: int = 20
    batch_size: int = 128
    patience: int = 3
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    dropout: float = 0.1
    inputs: str = "bins"
    bins: int = 16
    seed: int = 0
    network_: nn.Module = field(init=False)

    least: ClassVar[dict[str, float]] = {"epochs": 0, "batch_size": 1, "patience": 1, "weight_decay": 0}
    """The least value of a setting, or of each number in it; a subclass names its own: `{"units": 1}`."""

    def problems(self) -> list[str]:
        """Say what is wrong with the settings, one line each; a subclass adds what `least` cannot say."""
        problems = []
        for name, least in {**Network.least, **self.least}.items():
            value = getattr(self, name)
            if not isinstance(value, Sequence):
                problems += [f"{name}: {value} is not {least} or more"] * (value < least)
            elif not value or min(value) < least:
                problems.append(f"{name}: {value} is not one number or more, each {least} or more")
        if self.learning_rate <= 0:
            problems.append(f"learning_rate: {self.learning_rate} is not above 0")
        if not 0 <= self.dropout < 1:
            problems.append(f"dropout: {self.dropout} is not between 0 and 1")
        return problems

    @abstractmethod
    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Build the layers from encoded input to class logits.

        Args:
            width: Width of one encoded step.
            n_classes: Number of classes.
            steps: Length of the sequence, 1 or more.

        Shape:
            forward of what is returned: [n, width] if steps is 1, else [n, steps, width] -> [n, n_classes].
        """

    def fit(
        self,
        x: Floats,
        y: Classes,
        *,
        columns: Sequence[Column],
        n_classes: int,
        weight: Floats | None = None,
        validation: tuple[Floats, Classes] | None = None,
        warm_start: bool = False,
        steps: int = 1,
    ) -> Self:
        """Train, see `Model.fit`.

        Without `validation` all epochs run, the last weights stay, and the curve has NaN for validation. On one
        thread the same seed gives the same weights.

        Raises:
            ConfigError: If a setting is out of range.
            ValueError: If the rows do not fit the columns, the classes, or (on a warm start) the network there is.
        """
        self._check(x, y, columns, n_classes, steps)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            if warm_start and hasattr(self, "network_"):
                if (tuple(columns) * steps, n_classes) != (self.columns_, len(self.classes_)):
                    raise ValueError(
                        f"warm start: given {steps * len(columns)} columns and {n_classes} classes, the network was "
                        f"trained on {len(self.columns_)} columns and {len(self.classes_)} classes; start anew"
                    )
                network = copy.deepcopy(self.network_)
            else:
                encode = fit_inputs(self.inputs, x.reshape(-1, len(columns)), columns, self.bins)
                inputs = encode if steps == 1 else EachStep(encode, steps)
                network = nn.Sequential(inputs, self.layers(encode.width, n_classes, steps))
            curve = self._train(network, x, y, weight, validation)
        self.network_ = network.eval()
        self.columns_ = tuple(columns) * steps
        self.classes_ = np.arange(n_classes)
        self.curve_ = curve
        return self

    def predict_proba(self, x: Floats) -> Floats:
        """Return class probabilities."""
        check_is_fitted(self, "network_")
        with torch.no_grad():
            logits = [self.network_(rows) for rows in torch.split(torch.from_numpy(x), SCORING_ROWS)]
            probabilities: Floats = torch.softmax(torch.cat(logits), dim=1).numpy()
        return probabilities

    def to_onnx(self) -> bytes:
        """Return the graph, from raw values to probabilities."""
        check_is_fitted(self, "network_")
        return graph(nn.Sequential(self.network_, nn.Softmax(dim=1)).eval(), len(self.columns_))

    def _train(
        self,
        network: nn.Module,
        x: Floats,
        y: Classes,
        weight: Floats | None,
        validation: tuple[Floats, Classes] | None,
    ) -> list[Epoch]:
        rows, classes = torch.from_numpy(x), torch.from_numpy(y)
        weights = torch.ones(len(x)) if weight is None else torch.from_numpy(weight) / float(weight.mean())
        held_out = None if validation is None else tuple(torch.from_numpy(part) for part in validation)
        order = torch.Generator().manual_seed(self.seed)
        optimizer = torch.optim.AdamW(
            network.parameters(), lr=self.learning_rate, weight_decay=self.weight_decay, fused=True
        )
        curve: list[Epoch] = []
        best, best_loss, best_epoch = copy.deepcopy(network.state_dict()), math.inf, 0
        for epoch in range(1, self.epochs + 1):
            network.train()
            total_loss = total_right = 0.0
            for batch in torch.split(torch.randperm(len(x), generator=order), self.batch_size):
                logits = network(rows[batch])
                losses = cross_entropy(logits, classes[batch], reduction="none") * weights[batch]
                optimizer.zero_grad()
                torch.autograd.backward(losses.mean())
                optimizer.step()
                total_loss += float(losses.detach().sum())
                total_right += float((logits.argmax(1) == classes[batch]).sum())
            loss, accuracy = (math.nan, math.nan) if held_out is None else _score(network, *held_out)
            curve.append(Epoch(epoch, total_loss / len(x), total_right / len(x), loss, accuracy))
            if self.on_epoch is not None:
                self.on_epoch(curve[-1])
            if held_out is None:
                continue
            if loss < best_loss:
                best, best_loss, best_epoch = copy.deepcopy(network.state_dict()), loss, epoch
            elif epoch - best_epoch >= self.patience:
                break
        if held_out is not None:
            network.load_state_dict(best)
        return curve

    def _check(self, x: Floats, y: Classes, columns: Sequence[Column], n_classes: int, steps: int) -> None:
        problems = self.problems()
        if problems:
            raise ConfigError(problems)
        if not len(x) or x.shape != (len(y), steps * len(columns)):
            wanted = f"{len(columns)} columns" + f" at {steps} steps" * (steps > 1)
            raise ValueError(f"x has shape {x.shape}, but there are {len(y)} classes and {wanted}")
        if y.min() < 0 or y.max() >= n_classes:
            raise ValueError(f"y holds {y.min()} to {y.max()}, allowed is 0 to {n_classes - 1}")


def graph(network: nn.Module, width: int) -> bytes:
    """Write `network` as one ONNX graph without what the exporter tells of this machine.

    torch calls this exporter the legacy one. The other takes 30 to 50 times as long (2 to 7 s for a small network) and
    gives a graph that is neither more exact nor faster.

    Shape:
        network: [n, width] float32 -> [n, k]; n stays free.
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
            output_names=["probabilities"],
            dynamic_axes={"x": free, "probabilities": free},
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


@torch.no_grad()
def _score(network: nn.Module, rows: torch.Tensor, classes: torch.Tensor) -> tuple[float, float]:
    network.eval()
    logits = torch.cat([network(part) for part in torch.split(rows, SCORING_ROWS)])
    return float(cross_entropy(logits, classes)), float((logits.argmax(1) == classes).float().mean())
