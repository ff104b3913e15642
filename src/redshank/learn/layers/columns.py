"""The columns of a row as a sequence.

In: raw values of one step. Out: one position per column, as wide as the column that takes most numbers to encode.
The one idea: each position holds all that the encoding says of one column (bins, standardized value and missing flag,
or an embedding), filled up with zeros. With `inputs="minmax"` a position is one number, which is what studies feed
that reshape a row to [columns, 1].
"""

import torch
from torch import nn

from redshank.learn.inputs import Inputs


class EachColumn(nn.Module):
    """Encode a row and give each column a position.

    Args:
        encode: Encoding of a row.

    Attributes:
        width: Of a position.
        length: Number of columns.

    Shape:
        forward: [n, c] -> [n, length, width]; length = c.
    """

    index: torch.Tensor
    filled: torch.Tensor

    def __init__(self, encode: Inputs) -> None:
        super().__init__()
        self.encode = encode
        places = encode.places
        self.length, self.width = len(places), max(len(of_one) for of_one in places)
        index = [[*of_one, *[0] * (self.width - len(of_one))] for of_one in places]
        filled = [[place < len(of_one) for place in range(self.width)] for of_one in places]
        self.register_buffer("index", torch.tensor(index).flatten())
        self.register_buffer("filled", torch.tensor(filled, dtype=torch.float32))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Encode raw values."""
        out: torch.Tensor = self.encode(x).index_select(1, self.index)
        return out.reshape(-1, self.length, self.width) * self.filled


class EachOwn(nn.Module):
    """A linear map per position, since a number means something else in every column.

    Args:
        length: Number of positions.
        width: Input width of a position.
        units: Output width of a position.

    Shape:
        forward: [n, length, width] -> [n, length, units].
    """

    def __init__(self, length: int, width: int, units: int) -> None:
        super().__init__()
        limit = width**-0.5
        self.weight = nn.Parameter(torch.empty(length, width, units).uniform_(-limit, limit))
        self.bias = nn.Parameter(torch.empty(length, units).uniform_(-limit, limit))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Apply each position's map."""
        return torch.matmul(x.transpose(0, 1), self.weight).transpose(0, 1) + self.bias
