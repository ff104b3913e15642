"""Networks that give back what they were given, and fail where it is unlike what they have learned.

In: benign rows, encoded by what nothing trains. Out: what the network gives back is wrong by, as odds of an attack.
The one idea: the target is the input, so the encoding must stand still: an embedding that is trained along would learn
to make every row the same. Losses and odds apart, the loop is that of every network.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Self, cast

import numpy as np
import numpy.typing as npt
import torch
from sklearn.utils.validation import check_is_fitted
from torch import nn

from redshank.features.feature_set import Column
from redshank.learn.graphed import SCORING_ROWS, Probabilities, graph
from redshank.learn.inputs import EachStep, Inputs
from redshank.learn.model import Classes, Floats
from redshank.learn.network import Network
from redshank.learn.one_class import Benign, Odds


class Errors(nn.Module):
    """How wrong a reconstruction is.

    Shape:
        forward: [n, width] if there is one step, else [n, steps, width] -> [n], 0 or more.
    """

    def loss(self, x: torch.Tensor) -> torch.Tensor:
        """Return what training makes small, if it is not the error itself."""
        errors: torch.Tensor = self(x)
        return errors


class Rewriting(Errors):
    """Errors place by place, of a network that writes its input again: so its graph can tell whose error it is."""

    @abstractmethod
    def squares(self, x: torch.Tensor) -> torch.Tensor:
        """Return the squared error of each place.

        Shape:
            x: [n, width] if there is one step, else [n, steps, width]; returns: [n, steps, width].
        """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Sum over the columns, average over the steps."""
        return self.squares(x).sum(dim=2).mean(dim=1)


class Reconstruction(Network):
    """A network that learns from benign rows alone; a subclass builds what gives the input back."""

    one_class: ClassVar[bool] = True
    epochs: int = 30
    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    dropout: float = 0.0
    inputs: str = "quantiles"
    bins: int = 64

    def problems(self) -> list[str]:
        """Say what is wrong with the settings."""
        problems = super().problems()
        if self.inputs == "bins":
            problems.append(
                "inputs: 'bins' are trained along, so nothing can be asked to give them back; use 'quantiles'"
            )
        return problems

    @abstractmethod
    def errors(self, width: int, steps: int) -> Errors:
        """Build what gives the input back and measures how wrong it is."""

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:  # noqa: ARG002  there are two classes
        """Put the odds behind the errors."""
        return nn.Sequential(self.errors(width, steps), Odds())

    def losses(
        self, network: nn.Module, rows: torch.Tensor, classes: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the error of each row; every row is benign, and no odds are set yet to call one something else."""
        inputs, layers = cast("nn.Sequential", network)
        errors = cast("Errors", cast("nn.Sequential", layers)[0])
        return errors.loss(inputs(rows)), torch.full(classes.shape, torch.nan)

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
        """Train on the benign rows; those of `validation` stop training early and set the odds.

        Raises:
            ConfigError: If a setting is out of range.
            ValueError: See `Benign.of` and `Network.fit`.
        """
        benign = Benign.of(x, y, columns, n_classes, weight, validation, steps)
        held_out = benign.held_out if benign.held_out is not benign.x else None
        super().fit(
            benign.x,
            np.zeros(len(benign.x), dtype=np.int64),
            columns=columns,
            n_classes=n_classes,
            weight=benign.weight,
            validation=None if held_out is None else (held_out, np.zeros(len(held_out), dtype=np.int64)),
            warm_start=warm_start,
            steps=steps,
        )
        odds = cast("nn.Sequential", cast("nn.Sequential", self.network_)[1])[1]
        cast("Odds", odds).set_on(_errors(self.network_), benign.held_out)
        return self

    def oddness(self, x: Floats) -> npt.NDArray[np.float64]:
        """Return the error of each row: as the odds, but without a bound above which all are the same.

        Shape:
            x: [n, steps * c]; returns: [n], 0 or more.
        """
        errors = _errors(self.network_)
        with torch.no_grad():
            found = [errors(torch.tensor(x[at : at + SCORING_ROWS])) for at in range(0, max(len(x), 1), SCORING_ROWS)]
        return torch.cat(found).numpy().astype(np.float64)

    def to_onnx(self) -> bytes:
        """Return the graph; where the errors are told place by place, it has a second output.

        Shape:
            errors: [n, c] float32; of each column of the last step, which is the flow itself.
        """
        check_is_fitted(self, "network_")
        inputs, layers = cast("nn.Sequential", self.network_)
        errors, odds = cast("nn.Sequential", layers)
        if not isinstance(errors, Rewriting):
            return super().to_onnx()
        return graph(_Explained(inputs, errors, odds).eval(), len(self.columns_), ("probabilities", "errors"))


class _Explained(nn.Module):
    """A whole network that also says of which columns its error is made."""

    column_of: torch.Tensor

    def __init__(self, inputs: nn.Module, errors: Rewriting, odds: nn.Module) -> None:
        super().__init__()
        self.inputs, self.errors, self.odds, self.probabilities = inputs, errors, odds, Probabilities()
        encode = cast("Inputs", inputs.encode if isinstance(inputs, EachStep) else inputs)
        column_of = torch.zeros(encode.width, len(encode.places))
        for column, places in enumerate(encode.places):
            column_of[list(places), column] = 1
        self.register_buffer("column_of", column_of)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        squares = self.errors.squares(self.inputs(x))
        probabilities = self.probabilities(self.odds(squares.sum(dim=2).mean(dim=1)))
        return probabilities, squares[:, -1] @ self.column_of


def _errors(network: nn.Module) -> nn.Module:
    """Return the part of the whole network from raw values to errors."""
    inputs, layers = cast("nn.Sequential", network)
    return nn.Sequential(inputs, cast("nn.Sequential", layers)[0])
