"""Train a torch network: the one loop that all deep models share.

In: raw feature values and classes; the layers and settings of a model. Out: a trained network with its input encoding,
its curve, its probabilities and its ONNX graph.
The one idea: everything lies in two tensors, and a batch is a slice of a permutation; there is no loader to feed.
"""

import copy
import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from redshank.core.errors import ConfigError
from redshank.features.feature_set import Column
from redshank.learn.graphed import SCORING_ROWS, Graphed
from redshank.learn.inputs import EachStep, fit_inputs
from redshank.learn.model import Classes, Epoch, Floats, check_rows


class Network(Graphed):
    """A model that is trained by gradient descent.

    A subclass adds its settings as fields, may give another default to one that stands here, and builds its layers.

    Args:
        epochs: Most passes over the training rows, 0 or more.
        batch_size: Rows per step, 1 or more.
        patience: Epochs without a lower validation loss before training stops; the best weights are kept.
        learning_rate: Of Adam, above 0.
        weight_decay: Of AdamW; 0 makes it Adam.
        dropout: Share of what each layer or block gives that is dropped while training, 0 or more, below 1.
        inputs: "bins", "minmax", "quantiles" or "standard", see `learn/inputs.py`.
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
        problems = self.problems()
        if problems:
            raise ConfigError(problems)
        check_rows(x, y, columns, n_classes, steps)
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

    def losses(
        self, network: nn.Module, rows: torch.Tensor, classes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return what training makes small, and whether a row is called what it is; another loss goes here.

        Shape:
            rows: [n, steps * c]; classes: [n]; returns: [n] float32, [n] bool.
        """
        logits = network(rows)
        return cross_entropy(logits, classes, reduction="none"), logits.argmax(1) == classes

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
                losses, right = self.losses(network, rows[batch], classes[batch])
                losses = losses * weights[batch]
                optimizer.zero_grad()
                torch.autograd.backward(losses.mean())
                optimizer.step()
                total_loss += float(losses.detach().sum())
                total_right += float(right.sum())
            loss, accuracy = (math.nan, math.nan) if held_out is None else self._score(network, *held_out)
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

    @torch.no_grad()
    def _score(self, network: nn.Module, rows: torch.Tensor, classes: torch.Tensor) -> tuple[float, float]:
        network.eval()
        parts = zip(torch.split(rows, SCORING_ROWS), torch.split(classes, SCORING_ROWS), strict=True)
        losses, right = (torch.cat(part) for part in zip(*(self.losses(network, *part) for part in parts), strict=True))
        return float(losses.mean()), float(right.float().mean())
