"""Convolutions, then a bidirectional LSTM, then attention over what it said at each position.

In: a sequence, by default of the columns of a row. Out: class logits.
The one idea: what is judged are not the ends of the sequence but the positions that matter for this row.
Source: the composition is that of a system the first study compares with, sizes are ours; LeCun et al., Proc. IEEE
1998; Schuster and Paliwal, IEEE Transactions on Signal Processing 1997; Bahdanau et al., ICLR 2015.
"""

from torch import nn

from redshank.learn.convolved import Convolved
from redshank.learn.layers.attention import AttentionPool


class AttentionCnnBilstm(Convolved):
    """Convolutions, LSTM layers in both directions, an attention pool."""

    def gather(self, width: int) -> nn.Module:
        """Weigh the positions."""
        return AttentionPool(width)
