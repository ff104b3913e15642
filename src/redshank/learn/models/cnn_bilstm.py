"""Convolutions, then a bidirectional LSTM.

In: a sequence, by default of the columns of a row. Out: class logits.
The one idea: what each direction knows when it is through is judged.
Source: the composition is that of several systems of this field, sizes are ours; LeCun et al., Proc. IEEE 1998;
Schuster and Paliwal, IEEE Transactions on Signal Processing 1997.
"""

from torch import nn

from redshank.learn.convolved import Convolved
from redshank.learn.layers.recurrence import Ends


class CnnBilstm(Convolved):
    """Convolutions, LSTM layers in both directions, their ends."""

    def gather(self, width: int) -> nn.Module:  # noqa: ARG002  the ends have no weights
        """Take the two ends."""
        return Ends(2)
