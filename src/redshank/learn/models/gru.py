"""Gated recurrent unit, one direction.

In: a sequence. Out: class logits.
The one idea: two gates instead of the three of an LSTM, and no state beside the output: a quarter fewer weights.
Source: Cho et al., "Learning Phrase Representations using RNN Encoder-Decoder", EMNLP 2014.
"""

from redshank.learn.recurrent import Recurrent


class Gru(Recurrent):
    """Layers of gated recurrent units, see `Recurrent` for what a single step makes of them."""

    cell = "gru"
