"""Simple recurrent network, the second study's RNN.

In: a sequence. Out: class logits.
The one idea: the output of the step before is an input of the next. Over a single step that is a plain layer with tanh.
The study's scaling is the preset "paper"; how many units it took we do not know.
Source: Elman, "Finding Structure in Time", Cognitive Science 1990; Awais et al. (RNN, FNN, CNN on BoT-IoT).
"""

from typing import Any, ClassVar

from redshank.learn.recurrent import Recurrent


class Rnn(Recurrent):
    """Layers of Elman cells, see `Recurrent` for what a single step makes of them."""

    cell = "rnn"
    PRESETS: ClassVar[dict[str, dict[str, Any]]] = {"paper": {"inputs": "minmax"}}
