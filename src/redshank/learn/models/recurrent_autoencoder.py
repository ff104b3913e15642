"""Recurrent autoencoder: reads a sequence into a few numbers, and writes it again from these alone.

In: encoded rows; a row of one step is a sequence of one. Out: the squared error of what was written, summed over the
columns and averaged over the steps.
The one idea: what has the habits of benign traffic fits through the bottleneck, other traffic does not.
Source: Malhotra et al., "LSTM-based Encoder-Decoder for Multi-sensor Anomaly Detection", ICML workshop 2016; Awais et
al. ask for an RNN trained on benign traffic alone. We differ: the decoder is given the bottleneck at each step, not its
own last output, so that nothing depends on how good that was.
"""

from typing import ClassVar

import torch
from torch import nn

from redshank.learn.reconstruction import Errors, Reconstruction, Rewriting

CELLS = {"lstm": nn.LSTM, "gru": nn.GRU}


class RecurrentAutoencoder(Reconstruction):
    """Encoder and decoder of one recurrent layer each.

    Args:
        cell: "lstm" or "gru".
        units: Units of encoder and decoder.
        code: Width of the bottleneck between them.
    """

    cell: str = "gru"
    units: int = 64
    code: int = 8

    least: ClassVar[dict[str, float]] = {"units": 1, "code": 1}

    def problems(self) -> list[str]:
        """Say what is wrong with the settings."""
        problems = super().problems()
        if self.cell not in CELLS:
            problems.append(f"cell: '{self.cell}' is not one of gru, lstm")
        return problems

    def errors(self, width: int, steps: int) -> Errors:
        """Build encoder, bottleneck and decoder."""
        return _Rewrite(CELLS[self.cell], width, self.units, self.code, steps, self.dropout)


class _Rewrite(Rewriting):
    def __init__(
        self, cell: type[nn.LSTM | nn.GRU], width: int, units: int, code: int, steps: int, dropout: float
    ) -> None:
        super().__init__()
        self.steps = steps
        self.read = cell(width, units, batch_first=True)
        self.narrow = nn.Linear(units, code)
        self.write = cell(code, units, batch_first=True)
        self.widen = nn.Linear(units, width)
        self.dropout = nn.Dropout(dropout)

    def squares(self, x: torch.Tensor) -> torch.Tensor:
        given = x[:, None] if self.steps == 1 else x
        code = self.narrow(self.read(self.dropout(given))[0][:, -1])
        again = self.widen(self.write(code[:, None].expand(-1, self.steps, -1))[0])
        out: torch.Tensor = (again - given) ** 2
        return out
