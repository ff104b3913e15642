"""Convolutions, then a bidirectional LSTM, then attention over what it said at each position.

In: a sequence, by default of the columns of a row. Out: class logits.
The one idea: the head does not see the ends of the sequence but the positions that matter for this row.
Source: the composition is that of a system the first study compares with, sizes are ours; LeCun et al. 1998; Schuster
and Paliwal 1997; Bahdanau et al., ICLR 2015.
"""

from collections.abc import Sequence
from typing import ClassVar

from torch import nn

from redshank.learn.layers.attention import AttentionPool
from redshank.learn.layers.convolution import Convolutions
from redshank.learn.layers.recurrence import Recurrence
from redshank.learn.sequence import SequenceNetwork


class AttentionCnnBilstm(SequenceNetwork):
    """Convolutions, LSTM layers in both directions, an attention pool and a linear head.

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
        """Stack convolutions, recurrent layers, the pool and a linear head."""
        found = Convolutions(width, self.filters, self.kernel, steps)
        read = Recurrence("lstm", found.width, self.units, found.length, directions=2, dropout=self.dropout)
        return nn.Sequential(found, read, AttentionPool(read.width), nn.Linear(read.width, n_classes))
