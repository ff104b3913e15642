"""A stack of recurrent layers, and what it ends with.

In: a sequence. Out: a sequence, or what each direction knows when it is through.
The one idea: over a sequence of one step a layer is `OneStep`, which costs no more than a dense layer; over a longer
one it is `Unrolled`.
"""

from collections.abc import Sequence

import torch
from torch import nn

from redshank.learn.layers.one_step import OneStep
from redshank.learn.layers.unrolled import Unrolled


class Recurrence(nn.Sequential):
    """Recurrent layers, each followed by dropout.

    Args:
        cell: "lstm", "gru" or "rnn".
        width: Input width of a step.
        units: Units per direction of each layer.
        length: Steps of the sequence, 1 or more.
        directions: 1 or 2.
        dropout: Share of each layer's output that is dropped while training.

    Attributes:
        width: Of what each step gives.

    Shape:
        forward: [n, length, width] -> [n, length, directions * units[-1]].
    """

    def __init__(
        self, cell: str, width: int, units: Sequence[int], length: int, *, directions: int = 1, dropout: float = 0.0
    ) -> None:
        layer = OneStep if length == 1 else Unrolled
        stack: list[nn.Module] = []
        for size in units:
            stack += [layer(cell, width, size, directions), nn.Dropout(dropout)]
            width = directions * size
        super().__init__(*stack)
        self.width = width


class Ends(nn.Module):
    """What each direction has seen when it is through: the forward one at the last step, the other at the first.

    Args:
        directions: 1 or 2.

    Shape:
        forward: [n, length, directions * units] -> [n, directions * units].
    """

    def __init__(self, directions: int) -> None:
        super().__init__()
        self.directions = directions

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Take the two ends."""
        units = x.shape[2] // self.directions
        return torch.cat([x[:, -1, :units], x[:, 0, units:]], dim=1)
