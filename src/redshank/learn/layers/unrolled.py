"""A recurrent layer over a sequence of several steps.

In: a sequence. Out: the cell's output at each step, one direction after the other.
Source: see `layers/one_step.py`, which is this layer over a single step.
"""

from collections.abc import Callable

import torch
from torch import nn

CELLS: dict[str, Callable[..., nn.RNNBase]] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}


class Unrolled(nn.Module):
    """A recurrent layer that goes step by step.

    Args:
        cell: "lstm", "gru" or "rnn".
        width: Input width of a step.
        units: Units per direction.
        directions: 1, or 2 for one that also goes from the last step to the first.

    Shape:
        forward: [n, length, width] -> [n, length, directions * units].
    """

    def __init__(self, cell: str, width: int, units: int, directions: int = 1) -> None:
        super().__init__()
        self.recurrent = CELLS[cell](width, units, batch_first=True, bidirectional=directions > 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the cell step by step."""
        out: torch.Tensor = self.recurrent(x)[0]
        return out
