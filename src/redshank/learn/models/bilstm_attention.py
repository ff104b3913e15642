"""Bidirectional LSTM with multi-head attention.

In: a sequence. Out: class logits.
The one idea: the recurrent layers tell each step what lies around it, then each asks all others for what it needs; the
mean of all is judged. Over a sequence of one step attention is a linear map.
Source: the composition is that of a system the first study compares with, sizes are ours; Schuster and Paliwal, IEEE
Transactions on Signal Processing 1997; Vaswani et al., NeurIPS 2017.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import nn

from redshank.learn.layers.attention import SelfAttention
from redshank.learn.layers.recurrence import Recurrence
from redshank.learn.sequence import SequenceNetwork


class BilstmAttention(SequenceNetwork):
    """LSTM layers in both directions, then attention.

    Args:
        units: Units per direction of each layer; twice the last is a multiple of `heads`.
        heads: Heads of the attention.
    """

    units: Sequence[int] = (128, 64)
    heads: int = 4

    least: ClassVar[dict[str, float]] = {"units": 1, "heads": 1}

    def problems(self) -> list[str]:
        """Say what is wrong with the settings."""
        problems = super().problems()
        if not problems and 2 * self.units[-1] % self.heads:
            problems.append(f"heads: {self.heads} do not divide {2 * self.units[-1]}, the width of both directions")
        return problems

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Stack recurrent layers, attention and a linear head."""
        around = Recurrence("lstm", width, self.units, steps, directions=2, dropout=self.dropout)
        return nn.Sequential(around, _Attended(around.width, self.heads), nn.Linear(around.width, n_classes))


class _Attended(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.norm(x + self.attention(x)).mean(dim=1)
        return out
