"""Attention: every position takes from the others what it asks for, or one pool takes it from all.

In: a sequence. Out: a sequence as long, or one vector.
Over a sequence of one step all of the weight goes to that step: what remains of self-attention is a linear map, and of
the pool nothing.
Source: Vaswani et al., "Attention Is All You Need", NeurIPS 2017 (`SelfAttention`); Bahdanau et al., ICLR 2015, and
Yang et al., "Hierarchical Attention Networks", NAACL 2016 (`AttentionPool`).
"""

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention


class SelfAttention(nn.Module):
    """Multi-head attention of a sequence to itself.

    Args:
        width: Of a position; a multiple of `heads`.
        heads: Number of heads.

    Shape:
        forward: [n, length, width] -> [n, length, width].
    """

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.ask = nn.Linear(width, 3 * width)  # query, key, value
        self.join = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Attend."""
        n, length, width = x.shape
        query, key, value = (
            part.reshape(n, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.ask(x).chunk(3, dim=2)
        )
        found = scaled_dot_product_attention(query, key, value)
        out: torch.Tensor = self.join(found.transpose(1, 2).reshape(n, length, width))
        return out


class AttentionPool(nn.Module):
    """The mean of all positions, each weighted by a learned score.

    Args:
        width: Of a position.

    Shape:
        forward: [n, length, width] -> [n, width].
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1, bias=False))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Pool."""
        return (torch.softmax(self.score(x), dim=1) * x).sum(dim=1)
