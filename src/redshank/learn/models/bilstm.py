"""Bidirectional LSTM, the network of the first study.

In: a sequence; in the study each row is one of one step. Out: class logits.
The one idea: three bidirectional layers, each narrower than the one before, with dropout after each.
The preset "paper" is the study's recipe. Ours differs in the input encoding, which does nearly all of it, in larger
batches and in more epochs.
Source: Mahdi and Khadhim, BiLSTM with active learning on ToN_IoT; Schuster and Paliwal, "Bidirectional Recurrent Neural
Networks", IEEE Transactions on Signal Processing 1997; Hochreiter and Schmidhuber 1997 for the cell.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from redshank.learn.network import MANY_ROWS
from redshank.learn.recurrent import Recurrent


class Bilstm(Recurrent):
    """Layers of LSTM cells in both directions, see `Recurrent` for what a single step makes of them."""

    units: Sequence[int] = (128, 64, 32)

    cell = "lstm"
    directions = 2
    PRESETS: ClassVar[dict[str, dict[str, Any]]] = {
        "paper": {
            "units": (128, 64, 32),
            "epochs": 10,
            "batch_size": 32,
            "patience": 3,
            "learning_rate": 0.001,
            "weight_decay": 0.0,
            "dropout": 0.2,
            "inputs": "minmax",
        },
        "many_rows": MANY_ROWS,
    }
