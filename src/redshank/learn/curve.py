"""Training curves as text: CSV for a person's tools, JSON for our own files.

In: lines of a curve. Out: text, and lines again; what was not measured is empty in one and None in the other.
"""

import math
from collections.abc import Sequence
from typing import Any

from redshank.learn.model import Epoch

CURVE_FILE = "curve.csv"


def curve_csv(curve: Sequence[Epoch]) -> str:
    """Return a training curve as CSV; what was not measured is empty."""
    names = ("epoch", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy")
    rows = [[getattr(epoch, name) for name in names] for epoch in curve]
    lines = [",".join("" if math.isnan(value) else f"{value:.6g}" for value in row) for row in rows]
    return "\n".join([",".join(names), *lines]) + "\n"


def epoch_from(values: dict[str, Any]) -> Epoch:
    """Rebuild a line of a training curve from its JSON, where None stands for what was not measured."""
    losses = {key: math.nan if value is None else float(value) for key, value in values.items() if key != "epoch"}
    return Epoch(int(values["epoch"]), **losses)
