"""A model that is given some of its features only.

In: a model and the name of a selector. Out: a model on raw rows. Of columns: the selector chooses among the columns of
the training rows, the model never sees the others, and a gather stands in front of its graph. Of what a network has
learned: the network is trained, the selector chooses among the inputs of its last layer, and that layer is fitted anew
on those, its other weights zero; the graph is the network's own.
Source: for selection among learned features, the studies that feed what a convolutional network has learned to a
metaheuristic. We differ: what is left is judged by the network's own last layer and stays one network.
"""

from collections.abc import Sequence
from dataclasses import field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn
from torch.nn.functional import cross_entropy

from redshank.core.errors import ConfigError
from redshank.data.graph import Nodes, prepend
from redshank.features.feature_set import Column
from redshank.learn.graphed import SCORING_ROWS, Graphed
from redshank.learn.model import Classes, Floats, Model
from redshank.learn.selector import SELECTORS, Mask

FROM = ("columns", "learned")
ITERATIONS = 200  # of the last layer's fit, which is a convex problem
PENALTY = 1e-4


class Selected(Model):
    """Selects, then asks another model.

    Args:
        model: The model.
        select: A name in `SELECTORS`.
        select_from: "columns", or "learned": what enters the last layer of a network.
        seed: Of the selector.

    Attributes:
        kept_: Which columns, or which learned features, are left.
    """

    model: Model
    select: str
    select_from: str = "columns"
    seed: int = 0
    kept_: Mask = field(init=False)
    inputs_: npt.NDArray[np.int64] = field(init=False)

    def settings(self) -> dict[str, Any]:
        """Return the model's settings, the selector, and how many features it left, once fitted."""
        left = {"selected": int(self.kept_.sum())} if hasattr(self, "kept_") else {}
        return {**self.model.settings(), "select": self.select, "select_from": self.select_from, **left}

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
        """Select and train, see `Model.fit`; a warm start keeps the columns that were selected.

        Raises:
            ConfigError: If there is no such selector, or the model learns no features.
        """
        selector = SELECTORS.find(self.select)()
        if self.select_from not in FROM:
            raise ConfigError(f"select_from: '{self.select_from}' is not one of {', '.join(FROM)}")
        if self.select_from == "learned" and not isinstance(self.model, Graphed):
            name = type(self.model).__name__.lower()
            raise ConfigError(f"select_from: {name} learns no features to select from; choose columns, or a network")
        width = len(columns)
        self.columns_ = tuple(columns) * steps
        if self.select_from == "learned":
            kept = np.ones(width, dtype=bool)
        elif warm_start and hasattr(self, "kept_"):
            kept = self.kept_
        else:
            kept = selector.select(x.reshape(-1, width), np.repeat(y, steps), self.seed)
        self.inputs_ = np.flatnonzero(np.tile(kept, steps))
        self.model.on_epoch, self.model.kept_in = self.on_epoch, self.kept_in
        self.model.fit(
            x[:, self.inputs_],
            y,
            columns=[column for column, keep in zip(columns, kept, strict=True) if keep],
            n_classes=n_classes,
            weight=weight,
            validation=None if validation is None else (validation[0][:, self.inputs_], validation[1]),
            warm_start=warm_start,
            steps=steps,
        )
        self.classes_, self.curve_ = self.model.classes_, self.model.curve_
        self.kept_ = kept
        if isinstance(self.model, Graphed) and self.select_from == "learned":
            head, learned = _learned(self.model.network_, x)
            self.kept_ = selector.select(learned, y, self.seed)
            _fit_head(head, learned, y, self.kept_)
        return self

    def predict_proba(self, x: Floats) -> Floats:
        """Return class probabilities."""
        check_is_fitted(self, "kept_")
        return self.model.predict_proba(np.ascontiguousarray(x[:, self.inputs_]))

    def to_onnx(self) -> bytes:
        """Return the graph: the columns that were selected, then the model's."""
        check_is_fitted(self, "kept_")
        return prepend(self._gather, self.model.to_onnx(), len(self.columns_))

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
    optimizer = torch.optim.LBFGS([weight, bias], max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        found = cross_entropy(rows @ weight.T + bias, classes) + PENALTY * weight.square().sum()
        torch.autograd.backward(found)
        return found

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        head.weight.copy_(weight * mask)
        head.bias.copy_(bias)
