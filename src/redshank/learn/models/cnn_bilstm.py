"""Convolutions, then a bidirectional LSTM.

In: a sequence, by default of the columns of a row. Out: class logits.
The one idea: filters make few positions of many, recurrent layers read these from both ends.
Source: the composition is that of several systems of this field, sizes are ours; LeCun et al. 1998; Schuster and
Paliwal 1997.
"""

from collections.abc import Sequence
from typing import ClassVar

from torch import nn

from redshank.learn.layers.convolution import Convolutions
from redshank.learn.layers.recurrence import Ends, Recurrence
from redshank.learn.sequence import SequenceNetwork


class CnnBilstm(SequenceNetwork):
    """Convolutions, LSTM layers in both directions and a linear head.

    Args:
        filters: Filters of each convolution.
        kernel: Positions that a filter sees.
        units: Units per direction of each recurrent layer.
    """

    over: str = "columns"
    filters: Sequence[int] = (32, 64)
    kernel: int = 3
    units: Sequence[int] = (32,)

    least: ClassVar[dict[str, float]] = {"filters": 1, "kernel": 1, "units": 1}

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Stack convolutions, recurrent layers and a linear head."""
        found = Convolutions(width, self.filters, self.kernel, steps)
        read = Recurrence("lstm", found.width, self.units, found.length, directions=2, dropout=self.dropout)
        return nn.Sequential(found, read, Ends(2), nn.Linear(read.width, n_classes))
