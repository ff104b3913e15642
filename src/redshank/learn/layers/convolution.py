"""Convolutions along a sequence, each followed by a pool that halves it.

In: a sequence. Out: a shorter one, each position of which knows its neighborhood.
The one idea: the same few weights look at every place. Along the columns of a row that assumes that neighbors have to
do with each other, which the order of columns says only in part; over a sequence of one step a convolution is a dense
layer and nothing is pooled.
Source: LeCun et al., "Gradient-Based Learning Applied to Document Recognition", Proc. IEEE 1998.
"""

from collections.abc import Sequence

import torch
from torch import nn


class Convolutions(nn.Module):
    """Convolutions with ReLU, each followed by the maximum of two neighbors while there are two.

    Args:
        width: Input width of a position.
        filters: Number of filters of each layer.
        kernel: Positions that a filter sees, 1 or more; no more than there are.
        length: Positions, 1 or more.

    Attributes:
        width: Of a position of what comes out.
        length: Positions of what comes out.

    Shape:
        forward: [n, length, width] -> [n, self.length, self.width].
    """

    def __init__(self, width: int, filters: Sequence[int], kernel: int, length: int) -> None:
        super().__init__()
        stack: list[nn.Module] = []
        for count in filters:
            seen = min(kernel, length)
            stack += [nn.Conv1d(width, count, seen, padding=seen // 2), nn.ReLU()]
            length += 1 - seen % 2  # an even kernel gives one position more
            if length > 1:
                stack.append(nn.MaxPool1d(2))
                length //= 2
            width = count
        self.stack = nn.Sequential(*stack)
        self.width, self.length = width, length

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Convolve along the positions."""
        out: torch.Tensor = self.stack(x.transpose(1, 2)).transpose(1, 2)
        return out
