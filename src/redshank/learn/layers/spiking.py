"""Neurons that excite and inhibit each other by random spikes: the random neural network.

In: numbers; each excites one input neuron while positive and another while negative. Out: how likely each output neuron
is excited, as a logarithm: its softmax is the share of each among all.
The one idea: in the steady state a neuron is excited with probability q = T+ / (r + T-), where T+ and T- are the rates
at which spikes that excite and that inhibit arrive, each a sum of q times a rate that is never negative, and r is the
rate at which it fires: all its spikes go to the next layer, or out of the network.
Source: Gelenbe, "Random Neural Networks with Negative and Positive Signals and Product Form Solution", Neural
Computation 1989; "Learning in the Recurrent Random Neural Network", Neural Computation 1993. We differ: rates are
absolute values of free parameters, trained by the gradient of all layers; q is not cut at 1 (beyond, a neuron is
saturated and the product form does not hold), since a cut has no gradient.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

LEAST = 1e-6  # of a rate: keeps the logarithm and the quotient finite


class Spiking(nn.Module):
    """Feed-forward layers of random neurons.

    Args:
        width: Input width.
        units: Neurons of each hidden layer.
        n_classes: Output neurons.
        dropout: Share of each hidden layer that is silent while training.

    Shape:
        forward: [n, width] -> [n, n_classes], logarithms.
    """

    def __init__(self, width: int, units: Sequence[int], n_classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        sizes = [2 * width, *units, n_classes]
        pairs = list(pairwise(sizes))
        self.excite = nn.ParameterList(_rates(before, after) for before, after in pairs)
        self.inhibit = nn.ParameterList(_rates(before, after) for before, after in pairs)
        self.arrive = nn.ParameterList(nn.Parameter(torch.full((2, after), 0.1)) for _, after in pairs)
        self.leave = nn.ParameterList(nn.Parameter(torch.ones(after)) for _, after in pairs)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Find the steady state, layer by layer."""
        q = torch.cat([x.clamp(min=0), (-x).clamp(min=0)], dim=1)
        last = len(self.excite) - 1
        for layer in range(last + 1):
            excited = q @ self.excite[layer].abs() + self.arrive[layer][0].abs()
            inhibited = q @ self.inhibit[layer].abs() + self.arrive[layer][1].abs()
            fires = self.leave[layer].abs()
            if layer < last:
                fires = fires + self.excite[layer + 1].abs().sum(1) + self.inhibit[layer + 1].abs().sum(1)
            q = (excited + LEAST) / (inhibited + fires + LEAST)
            q = self.dropout(q) if layer < last else q
        return torch.log(q)


def _rates(before: int, after: int) -> nn.Parameter:
    return nn.Parameter(torch.rand(before, after) * (2 / before))
