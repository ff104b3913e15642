"""Bidirectional LSTM, the recipe of the first study.

In: encoded rows; in the study each is a sequence of one step. Out: class logits.
The one idea: three bidirectional layers, each narrower than the one before, with dropout after each.
Over one step an LSTM is a gated layer: the forget gate multiplies a state that is zero and the recurrent weights an
output that is zero, so neither is computed, trained or exported. The mirrored test compares with `torch.nn.LSTM`.
Source: Mahdi and Khadhim, BiLSTM with active learning on ToN_IoT; Hochreiter and Schmidhuber 1997 for the cell.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import nn

from redshank.learn.network import Network


class Bilstm(Network):
    """Bidirectional LSTM layers of decreasing width.

    The defaults are the study's, but for the input encoding: `inputs="minmax"` is the study's too.

    Args:
        units: Units per direction of each layer.
    """

    units: Sequence[int] = (128, 64, 32)
    epochs: int = 10
    batch_size: int = 32
    weight_decay: float = 0.0
    dropout: float = 0.2

    least: ClassVar[dict[str, float]] = {"units": 1}

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Stack the layers and a linear head."""
        stack: list[nn.Module] = []
        for units in self.units:
            stack += [OneStep(width, units) if steps == 1 else Unrolled(width, units), nn.Dropout(self.dropout)]
            width = 2 * units
        last: list[nn.Module] = [] if steps == 1 else [Ends()]
        return nn.Sequential(*stack, *last, nn.Linear(width, n_classes))


class OneStep(nn.Module):
    """A bidirectional LSTM layer over a sequence of one step, from zero state.

    Args:
        width: Input width.
        units: Units per direction.

    Shape:
        forward: [n, width] -> [n, 2 * units]; the forward direction comes first.
    """

    def __init__(self, width: int, units: int) -> None:
        super().__init__()
        self.gates = nn.Linear(width, 6 * units)  # input, cell, output gate; in each the two directions
        limit = (6 / (width + 4 * units)) ** 0.5  # Glorot uniform over four gates, as Keras starts its LSTM
        nn.init.uniform_(self.gates.weight, -limit, limit)
        nn.init.zeros_(self.gates.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the cell once."""
        enter, cell, leave = self.gates(x).chunk(3, dim=1)
        return torch.sigmoid(leave) * torch.tanh(torch.sigmoid(enter) * torch.tanh(cell))


class Unrolled(nn.Module):
    """A bidirectional LSTM layer over a sequence.

    Args:
        width: Input width of a step.
        units: Units per direction.

    Shape:
        forward: [n, steps, width] -> [n, steps, 2 * units]; the forward direction comes first.
    """

    def __init__(self, width: int, units: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(width, units, batch_first=True, bidirectional=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the cell step by step."""
        out: torch.Tensor = self.lstm(x)[0]
        return out


class Ends(nn.Module):
    """What each direction has seen when it is through: the forward one at the last step, the other at the first.

    Shape:
        forward: [n, steps, 2 * units] -> [n, 2 * units].
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take the two ends."""
        units = x.shape[2] // 2
        return torch.cat([x[:, -1, :units], x[:, 0, units:]], dim=1)
