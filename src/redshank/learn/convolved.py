"""A network that convolves, then reads what it found from both ends: what `cnn_bilstm` and its attentive kin share.

In: a sequence, by default of the columns of a row. Out: class logits.
The one idea: filters make few positions of many, a bidirectional LSTM tells each of these what lies around it, and a
subclass says how one vector is made of them.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from torch import nn

from redshank.learn.layers.convolution import Convolutions
from redshank.learn.layers.recurrence import Recurrence
from redshank.learn.sequence import SequenceNetwork


class Convolved(SequenceNetwork):
    """Convolutions, LSTM layers in both directions, what gathers their output, and a linear head.

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

    @abstractmethod
    def gather(self, width: int) -> nn.Module:
        """Build what makes one vector of all positions.

        Shape:
            forward of what is returned: [n, length, width] -> [n, width].
        """

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Stack convolutions, recurrent layers, what gathers and a linear head."""
        found = Convolutions(width, self.filters, self.kernel, steps)
        read = Recurrence("lstm", found.width, self.units, found.length, directions=2, dropout=self.dropout)
        return nn.Sequential(found, read, self.gather(read.width), nn.Linear(read.width, n_classes))
