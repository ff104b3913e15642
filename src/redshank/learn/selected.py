"""A model that is given some of its features only.

In: a model and the name of a selector. Out: a model on raw rows. Of columns: the selector chooses among the columns of
the training rows, the model never sees the others, and a gather stands in front of its graph. Of what a network has
learned: the network is trained, the selector chooses among the inputs of its last layer, and that layer is fitted anew
on those, its other weights zero; the graph is the network's own.
Source: for selection among learned features, the studies that feed what a convolutional network has learned to a
metaheuristic. We differ: what is left is judged by the network's own last layer and stays one network.
"""

from dataclasses import field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from redshank.core.errors import ConfigError
from redshank.data.graph import Nodes, prepend
from redshank.learn.around import Around, Given
from redshank.learn.graphed import SCORING_ROWS, Graphed
from redshank.learn.model import Classes, Floats
from redshank.learn.optimizers import LBFGS
from redshank.learn.selector import SELECTORS, Mask

FROM = ("columns", "learned")
ITERATIONS = 200  # of the last layer's fit, which is a convex problem
PENALTY = 1e-4


class Selected(Around):
    """Selects, then asks another model.

    Args:
        model: The model.
        select: A name in `SELECTORS`.
        select_from: "columns", or "learned": what enters the last layer of a network.
        seed: Of the selector.

    Attributes:
        kept_: Which columns, or which learned features, are left.
    """

    select: str
    select_from: str = "columns"
    seed: int = 0
    kept_: Mask = field(init=False)
    inputs_: npt.NDArray[np.int64] = field(init=False)

    def settings(self) -> dict[str, Any]:
        """Return the model's settings, the selector, and how many features it left, once fitted."""
        return super().settings() | ({"selected": int(self.kept_.sum())} if hasattr(self, "kept_") else {})

    def prepare(self, given: Given) -> Given:
        """Select columns; a warm start keeps those that were selected.

        Raises:
            ConfigError: If there is no such selector, or the model learns no features.
        """
        selector = SELECTORS.find(self.select)()
        if self.select_from not in FROM:
            raise ConfigError(f"select_from: '{self.select_from}' is not one of {', '.join(FROM)}")
        if self.select_from == "learned" and not isinstance(self.model, Graphed):
            name = type(self.model).__name__.lower()
            raise ConfigError(f"select_from: {name} learns no features to select from; choose columns, or a network")
        width = len(given.columns)
        if self.select_from == "learned":
            self.inputs_ = np.arange(width * given.steps)
            return given
        if not (given.warm_start and hasattr(self, "kept_")):
            self.kept_ = selector.select(given.x.reshape(-1, width), np.repeat(given.y, given.steps), self.seed)
        self.inputs_ = np.flatnonzero(np.tile(self.kept_, given.steps))
        columns = [column for column, keep in zip(given.columns, self.kept_, strict=True) if keep]
        return replace(given, x=self.seen(given.x), columns=columns)

    def finish(self, given: Given, validation: tuple[Floats, Classes] | None) -> None:
        """Select among what the network has learned, and fit its last layer anew."""
        del validation
        if isinstance(self.model, Graphed) and self.select_from == "learned":
            head, learned = _learned(self.model.network_, given.x)
            self.kept_ = SELECTORS.find(self.select)().select(learned, given.y, self.seed)
            _fit_head(head, learned, given.y, self.kept_)

    def seen(self, x: Floats) -> Floats:
        """Return the columns that were selected."""
        return np.ascontiguousarray(x[:, self.inputs_])

    def to_onnx(self) -> bytes:
        """Return the graph: the columns that were selected, then the model's."""
        return prepend(self._gather, super().to_onnx(), len(self.columns_))

    def _gather(self, graph: Nodes, x: str) -> str:
        return graph.add("Gather", x, graph.constant(self.inputs_, np.int64), axis=1)


def _learned(network: nn.Module, x: Floats) -> tuple[nn.Linear, Floats]:
    """Return the last layer of a network and what enters it."""
    layers = [module for module in network.modules() if isinstance(module, nn.Linear)]
    if not layers:
        raise ConfigError("select_from: the model has no last linear layer to select for; choose columns")
    entered: list[torch.Tensor] = []
    hook = layers[-1].register_forward_pre_hook(lambda _, given: entered.append(given[0]))
    try:
        with torch.no_grad():
            for at in range(0, len(x), SCORING_ROWS):
                network(torch.tensor(x[at : at + SCORING_ROWS]))
    finally:
        hook.remove()
    found: Floats = torch.cat(entered).numpy()
    return layers[-1], found


def _fit_head(head: nn.Linear, learned: Floats, y: Classes, kept: Mask) -> None:
    """Fit the last layer on the features that are left; the weights of the others become zero."""
    mask = torch.from_numpy(kept).to(torch.float32)
    rows, classes = torch.from_numpy(learned) * mask, torch.from_numpy(y)
    weight = (head.weight.detach() * mask).requires_grad_()
    bias = head.bias.detach().clone().requires_grad_()
    optimizer = LBFGS([weight, bias], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        found = cross_entropy(rows @ weight.T + bias, classes) + PENALTY * weight.square().sum()
        torch.autograd.backward(found)
        return found

    optimizer.step(loss)
    with torch.no_grad():
        head.weight.copy_(weight * mask)
        head.bias.copy_(bias)
