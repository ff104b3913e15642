"""Leave one capture of IoT-23 out at a time: what is learnt from all others is judged on it.

In: a cell whose protocol groups by capture. Out: the AUC on each capture that holds attacks, and their mean. The one
idea: there are few captures and they differ much, so none is spent on stopping early or on a threshold: everything but
the capture left out trains, and only the ranking is looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from redshank.data.parts import Parts, joined
from redshank.detect.calibrate import attack_score
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.measure import Data, auc
from redshank.learn.train import fit

MALWARE = ("42-1", "20-1", "21-1", "8-1")
COLUMNS = ("mean AUC", *(f"AUC {capture}" for capture in MALWARE))
TREES: Mapping[str, Any] = {"rounds": 100}
"""Of boosted trees, which nothing stops early here."""
LEFT_OUT_NOTE = (
    "Each malware capture is left out in its turn; the model learns all other captures, those of honeypots among them. "
    "42-1, 20-1 and 21-1 hold 6, 16 and 14 attacks, which their intervals show."
)


def each_left_out(
    cell: Cell,
    data: Data,
    told: Callable[[Parts], Parts] = lambda parts: parts,
    *,
    captures: tuple[str, ...] = MALWARE,
) -> Outcome:
    """Leave each capture out in its turn.

    Args:
        cell: What to train, on parts by capture.
        data: Where the parts come from.
        told: Changes how rows are told before anything learns from them.
        captures: Captures with attacks.
    """
    figures: dict[str, float | None] = {}
    rows = {"test": 0, "attacks": 0}
    for left_out in captures:
        parts = told(_all_trains(data.parts(cell, test=left_out)))
        trained = fit(parts, cell.model, settings=dict(cell.settings), seed=cell.seed)
        attack = parts.test.y != 0
        scores = attack_score(trained.model.predict_proba(parts.test.x))
        figures |= auc(f"AUC {left_out}", attack, scores, cell.seed)
        rows = {"test": rows["test"] + len(attack), "attacks": rows["attacks"] + int(attack.sum())}
    figures["mean AUC"] = float(np.mean([figures[f"AUC {name}"] or 0.0 for name in captures]))
    return Outcome(figures, rows)


def _all_trains(parts: Parts) -> Parts:
    """Let everything but the test part train; it calibrates too, since only the ranking is looked at."""
    train = joined([parts.train, parts.validation, parts.calibration])
    return replace(parts, train=train, validation=train.take(np.arange(0)))
