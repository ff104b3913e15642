"""Random neural network: neurons that excite and inhibit each other by spikes.

In: encoded rows. Out: logarithms of the probabilities with which the class neurons are excited.
The one idea: a layer is a quotient of two weighted sums without a negative weight, see `layers/spiking.py`. The share
of a class neuron among all is the probability of its class.
Source: Gelenbe, Neural Computation 1989 and 1993; a random neural network is among the systems that the first study
compares with.
"""

from collections.abc import Sequence
from typing import ClassVar

from torch import nn

from redshank.learn.layers.spiking import Spiking
from redshank.learn.network import Network


class RandNn(Network):
    """Feed-forward layers of random neurons; the steps of a sequence stand side by side.

    Args:
        units: Neurons of each hidden layer.
    """

    units: Sequence[int] = (128, 64)
    weight_decay: float = 0.0

    least: ClassVar[dict[str, float]] = {"units": 1}

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Build the layers."""
        return nn.Sequential(nn.Flatten(), Spiking(width * steps, self.units, n_classes, self.dropout))
