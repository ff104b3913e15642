"""Transformer: attention between the columns of a row, or between the steps of a window.

In: a sequence, by default of the columns of a row. Out: class logits.
The one idea: each column becomes a token by a map of its own; blocks of attention let every token ask all others; a
token that stands for the whole row is judged. Steps become tokens by one map that all share.
Source: Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", NeurIPS 2021 (FT-Transformer); Vaswani et
al., NeurIPS 2017.
"""

from typing import ClassVar

import torch
from torch import nn

from redshank.learn.inputs import Inputs
from redshank.learn.layers.attention import SelfAttention
from redshank.learn.layers.columns import EachColumn, EachOwn
from redshank.learn.sequence import SequenceNetwork


class Transformer(SequenceNetwork):
    """Blocks of attention over tokens, and a linear head over one of them.

    Args:
        units: Width of a token, a multiple of `heads`.
        heads: Heads of the attention.
        blocks: Number of blocks.
    """

    over: str = "columns"
    units: int = 32
    heads: int = 4
    blocks: int = 2

    least: ClassVar[dict[str, float]] = {"units": 1, "heads": 1, "blocks": 1}

    def problems(self) -> list[str]:
        """Say what is wrong with the settings."""
        problems = super().problems()
        if not problems and self.units % self.heads:
            problems.append(f"heads: {self.heads} do not divide {self.units}, the width of a token")
        return problems

    def arrange(self, encode: Inputs, steps: int) -> tuple[nn.Module, int, int]:
        """Make tokens of what is encoded."""
        inputs, width, length = super().arrange(encode, steps)
        own = isinstance(inputs, EachColumn)
        token = EachOwn(length, width, self.units) if own else nn.Linear(width, self.units)
        return nn.Sequential(inputs, token), self.units, length

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Stack the blocks and a linear head."""
        blocks = [_Block(width, self.heads, self.dropout) for _ in range(self.blocks)]
        return nn.Sequential(_Whole(width, steps), *blocks, _First(), nn.LayerNorm(width), nn.Linear(width, n_classes))


class _Whole(nn.Module):
    """Say where each token stands, and put the token of the whole before all others."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.place = nn.Parameter(torch.randn(length, width) * 0.02)
        self.whole = nn.Parameter(torch.randn(1, width) * 0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.whole.expand(x.shape[0], 1, -1), x + self.place], dim=1)


class _Block(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        drop = nn.Dropout(dropout)
        self.ask = nn.Sequential(nn.LayerNorm(width), SelfAttention(width, heads), drop)
        self.think = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width), drop
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.ask(x)
        out: torch.Tensor = x + self.think(x)
        return out


class _First(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x[:, 0]
