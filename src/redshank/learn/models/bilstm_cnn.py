"""A bidirectional LSTM, then convolutions over what it said at each step.

In: a sequence. Out: class logits.
The one idea: the recurrent layers tell each step what lies around it, filters find what matters in neighbors. Over a
sequence of one step both are dense layers.
Source: the composition is that of a system the first study compares with, sizes are ours; Schuster and Paliwal, IEEE
Transactions on Signal Processing 1997; LeCun et al., Proc. IEEE 1998.
"""

from collections.abc import Sequence
from typing import ClassVar

from torch import nn

from redshank.learn.layers.convolution import Convolutions
from redshank.learn.layers.recurrence import Recurrence
from redshank.learn.sequence import SequenceNetwork


class BilstmCnn(SequenceNetwork):
    """LSTM layers in both directions, convolutions and a linear head.

    Args:
        units: Units per direction of each recurrent layer.
        filters: Filters of each convolution.
        kernel: Positions that a filter sees.
    """

    units: Sequence[int] = (128,)
    filters: Sequence[int] = (64,)
    kernel: int = 3

    least: ClassVar[dict[str, float]] = {"filters": 1, "kernel": 1, "units": 1}

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Stack recurrent layers, convolutions and a linear head."""
        read = Recurrence("lstm", width, self.units, steps, directions=2, dropout=self.dropout)
        found = Convolutions(read.width, self.filters, self.kernel, steps)
        return nn.Sequential(read, found, nn.Flatten(), nn.Linear(found.length * found.width, n_classes))
