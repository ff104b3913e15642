"""A recurrent layer over a sequence of one step, from zero state, without what then does nothing.

In: the one step. Out: the cell's output, one direction after the other.
The one idea: the recurrent weights multiply an output that is zero, so they are neither computed, trained nor exported.
What remains of a long short-term memory is an input gate, a candidate and an output gate (there is no state to forget),
of a gated recurrent unit a candidate and an update gate (there is nothing to reset), of an Elman cell a layer with
tanh. Two directions see the same step: they are two layers side by side. The mirrored test compares with torch.
Source: Hochreiter and Schmidhuber, Neural Computation 1997 (LSTM); Cho et al., EMNLP 2014 (GRU); Elman, Cognitive
Science 1990.
"""

import torch
from torch import nn

GATES = {"lstm": 3, "gru": 2, "rnn": 1}  # of a cell, as far as they do something in one step
ALL_GATES = {"lstm": 4, "gru": 3, "rnn": 1}


class OneStep(nn.Module):
    """A recurrent layer that sees one step.

    Args:
        cell: "lstm", "gru" or "rnn".
        width: Input width.
        units: Units per direction.
        directions: 1 or 2.

    Shape:
        forward: [..., width] -> [..., directions * units].
    """

    def __init__(self, cell: str, width: int, units: int, directions: int = 1) -> None:
        super().__init__()
        self.cell = cell
        self.gates = nn.Linear(width, GATES[cell] * directions * units)  # in each gate the directions side by side
        limit = (6 / (width + ALL_GATES[cell] * units)) ** 0.5  # Glorot uniform over all gates, as Keras starts a cell
        nn.init.uniform_(self.gates.weight, -limit, limit)
        nn.init.zeros_(self.gates.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply the cell once."""
        gates = self.gates(x).chunk(GATES[self.cell], dim=-1)
        state = torch.tanh(gates[0])
        if self.cell == "gru":
            return torch.sigmoid(-gates[1]) * state
        if self.cell == "lstm":
            return torch.sigmoid(gates[2]) * torch.tanh(torch.sigmoid(gates[1]) * state)
        return state
