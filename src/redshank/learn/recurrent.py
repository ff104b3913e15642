"""A network of recurrent layers: what `lstm`, `gru`, `rnn` and `bilstm` share.

In: a sequence. Out: class logits from what the last layer knows when it is through.
Over a sequence of one step a recurrent cell is a gated dense layer, see `layers/one_step.py`: it remembers nothing,
since there was nothing before. It costs no more than such a layer.
"""

from collections.abc import Sequence
from typing import ClassVar

from torch import nn

from redshank.learn.layers.recurrence import Ends, Recurrence
from redshank.learn.sequence import SequenceNetwork


class Recurrent(SequenceNetwork):
    """Recurrent layers, dropout after each, and a linear head.

    Args:
        units: Units of each layer, per direction.
    """

    units: Sequence[int] = (128, 64)

    cell: ClassVar[str]
    directions: ClassVar[int] = 1
    least: ClassVar[dict[str, float]] = {"units": 1}

    def layers(self, width: int, n_classes: int, steps: int) -> nn.Module:
        """Stack the layers and a linear head."""
        layers = Recurrence(self.cell, width, self.units, steps, directions=self.directions, dropout=self.dropout)
        return nn.Sequential(layers, Ends(self.directions), nn.Linear(layers.width, n_classes))
