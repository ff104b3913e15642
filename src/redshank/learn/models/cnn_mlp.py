"""Convolutions and a multi-layer perceptron side by side.

In: a sequence, by default of the columns of a row. Out: class logits.
The one idea: filters see neighbors, dense layers see every column with every other; one head judges both.
Source: a CNN+MLP hybrid is among the systems that the first study compares with; that the two stand side by side, and
all sizes, are ours. LeCun et al., Proc. IEEE 1998; Rumelhart et al., Nature 1986.
"""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import nn

from redshank.learn.layers.convolution import Convolutions
from redshank.learn.sequence import SequenceNetwork


class CnnMlp(SequenceNetwork):
    """Convolutions beside dense layers.

    Args:
        filters: Filters of each convolution.
        kernel: Positions that a filter sees.
        units: Units of each dense layer.
    """

    over: str = "columns"
    filters: Sequence[int] = (32,)
    kernel: int = 3
    units: Sequence[int] = (128, 64)

    least: ClassVar[dict[str, float]] = {"filters": 1, "kernel": 1, "units": 1}

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Build both sides and the head over them."""
        near = Convolutions(width, self.filters, self.kernel, steps)
        size = width * steps
        dense: list[nn.Module] = []
        for units in self.units:
            dense += [nn.Linear(size, units), nn.ReLU(), nn.Dropout(self.dropout)]
            size = units
        head = nn.Linear(near.length * near.width + size, n_classes)
        return nn.Sequential(_Beside(near, nn.Sequential(nn.Flatten(), *dense)), head)


class _Beside(nn.Module):
    def __init__(self, near: nn.Module, far: nn.Module) -> None:
        super().__init__()
        self.near = near
        self.far = far

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.near(x).flatten(1), self.far(x)], dim=1)
