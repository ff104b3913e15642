"""Convolutional network, the second study's CNN.

In: a sequence, by default of the columns of a row. Out: class logits.
The one idea: filters look at neighbors, pools halve what they found, a dense layer judges all places together.
The study's scaling is the preset "paper": each column is then one number. How many filters it took we do not know.
Source: LeCun et al., Proc. IEEE 1998; Awais et al. (RNN, FNN, CNN on BoT-IoT).
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import nn

from redshank.learn.layers.convolution import Convolutions
from redshank.learn.sequence import SequenceNetwork


class Cnn(SequenceNetwork):
    """Convolutions, a dense layer and a linear head.

    Args:
        filters: Filters of each convolution.
        kernel: Positions that a filter sees.
        units: Units of the dense layer.
    """

    over: str = "columns"
    filters: Sequence[int] = (32, 64)
    kernel: int = 3
    units: int = 128

    least: ClassVar[dict[str, float]] = {"filters": 1, "kernel": 1, "units": 1}
    PRESETS: ClassVar[dict[str, dict[str, Any]]] = {"paper": {"inputs": "minmax"}}

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Stack convolutions, a dense layer and a linear head."""
        found = Convolutions(width, self.filters, self.kernel, steps)
        dense = nn.Linear(found.length * found.width, self.units)
        drop = nn.Dropout(self.dropout)
        return nn.Sequential(found, nn.Flatten(), dense, nn.ReLU(), drop, nn.Linear(self.units, n_classes))
