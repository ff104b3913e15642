"""Long short-term memory, one direction.

In: a sequence. Out: class logits.
The one idea: a cell keeps a state and has gates that say what enters it, stays in it and leaves it.
Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation 1997; Gers et al. 2000 for the forget
gate. One of the systems that the first study compares with.
"""

from redshank.learn.recurrent import Recurrent


class Lstm(Recurrent):
    """Layers of LSTM cells, see `Recurrent` for what a single step makes of them."""

    cell = "lstm"
