"""Do earlier flows of a device help? Windows of IoT-23's flows against one flow, against order, against trees.

A recurrent net over the last flows of a device is worth its cost only if it beats the same net on one flow, the same
window in another order, the same window averaged, and boosted trees on plain aggregates of the window. "No gain" is a
result.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from redshank.data.parts import PARTS, Parts
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid
from redshank.experiments.measure import Data, outcome
from redshank.experiments.windows import windowed
from redshank.experiments.wording import told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE
from redshank.features.feature_set import Column
from redshank.learn.model import Floats
from redshank.learn.train import fit

TABLE = "Benign or attack, unseen captures"
LENGTH = 16
"""Flows per window."""
DEEP = "BiLSTM on the window"
AGGREGATES = "trees on aggregates of the window"


class Sequences(Experiment):
    """Windows of a device's flows against everything simpler."""

    title: ClassVar[str] = "Sequences of flows"
    what: ClassVar[str] = "Whether the last flows of a device tell more of an attack than the flow alone."
    columns: ClassVar[tuple[str, ...]] = ("roc_auc", "pr_auc", "macro_f1", "recall_at_0.01", "fpr_at_0.01")
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        (
            f"A window is the last {LENGTH} flows of the device that sent the flow, with the time between them, oldest "
            "first; every flow counts. Captures are whole in one part. “Shuffled” permutes the "
            "steps of every window, “averaged” replaces it by the mean of its numbers and the last category; the "
            "aggregates are mean, spread, least and most of each number, and the last flow itself."
        ),
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        rows: tuple[tuple[str, str, int, str], ...] = (
            (DEEP, "bilstm", LENGTH, ""),
            ("BiLSTM on one flow", "bilstm", 1, ""),
            ("BiLSTM on the window, shuffled", "bilstm", LENGTH, "shuffled"),
            ("FNN on the window, averaged", "fnn", LENGTH, "averaged"),
            ("trees on one flow", "lightgbm", 1, ""),
            (AGGREGATES, "lightgbm", LENGTH, "aggregated"),
            *((name, name, 1, "") for name in BESIDE if name != "lightgbm"),
        )
        return grid(
            seeds,
            [
                Cell(
                    "iot23",
                    model,
                    protocol="group",
                    protocol_settings={"by": "capture", "seen": "keep"},
                    settings=BUDGET if model in ("bilstm", "fnn") else {},
                    options={"length": length, "change": change},
                    table=TABLE,
                    row=row,
                )
                for row, model, length, change in rows
            ],
        )

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Train on windows as they are, or changed."""
        parts = windowed(data.parts(cell), data.labelled(cell.dataset), cell.options["length"])
        change = cell.options["change"]
        if change:
            parts = changed(parts, CHANGES[change], cell.seed)
        trained = fit(parts, cell.model, settings=dict(cell.settings), seed=cell.seed)
        return outcome(trained, parts, cell.seed)

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        deep, trees = (results.figure("roc_auc", table=TABLE, row=row) for row in (DEEP, AGGREGATES))
        if deep.mean is None or trees.mean is None:
            return []
        won = deep.low is not None and trees.high is not None and deep.low > trees.high
        verdict = "a gain." if won else "no gain that this test can tell."
        return [f"The BiLSTM over windows has an AUC of {told(deep)}, trees on aggregates {told(trees)}: {verdict}"]


Windows = tuple[Floats, tuple[Column, ...], int]
"""Rows, what their columns are, and how many steps each has."""


def changed(parts: Parts, change: Callable[[Floats, tuple[Column, ...], int], Windows], seed: int) -> Parts:
    """Change the windows of every part in the same way.

    Args:
        parts: Parts whose rows are windows.
        change: From windows of shape [n, steps, c], their columns and a seed to rows, columns and steps.
        seed: Of what is random.
    """
    made: dict[str, Any] = {}
    columns, steps = parts.columns, parts.steps
    for at, name in enumerate(PARTS):
        part = getattr(parts, name)
        windows = part.x.reshape(len(part), parts.steps, len(parts.columns))
        x, columns, steps = change(windows, parts.columns, seed * len(PARTS) + at)
        made[name] = replace(part, x=np.ascontiguousarray(x, dtype=np.float32))
    return replace(parts, **made, columns=columns, steps=steps, feature_set=None)


def shuffled(windows: Floats, columns: tuple[Column, ...], seed: int) -> Windows:
    """Permute the steps of each window."""
    order = np.random.default_rng(seed).permuted(np.tile(np.arange(windows.shape[1]), (len(windows), 1)), axis=1)
    return np.take_along_axis(windows, order[:, :, None], axis=1).reshape(len(windows), -1), columns, windows.shape[1]


def averaged(windows: Floats, columns: tuple[Column, ...], seed: int) -> Windows:
    """Average the numbers over the steps; categories are the last step's."""
    del seed
    last = windows[:, -1].copy()
    for at, column in enumerate(columns):
        if not column.vocabulary:
            last[:, at] = _over_steps(np.nanmean, windows[:, :, at])
    return last, columns, 1


def aggregated(windows: Floats, columns: tuple[Column, ...], seed: int) -> Windows:
    """Describe the window by mean, spread, least and most of each number, beside the last step."""
    del seed
    made, named = [windows[:, -1]], list(columns)
    for at, column in enumerate(columns):
        if column.vocabulary:
            continue
        for name, over in (("mean", np.nanmean), ("spread", np.nanstd), ("least", np.nanmin), ("most", np.nanmax)):
            made.append(_over_steps(over, windows[:, :, at])[:, None])
            named.append(replace(column, name=f"{column.name}_{name}"))
    return np.concatenate(made, axis=1), tuple(named), 1


def _over_steps(over: Callable[..., Any], values: Floats) -> Floats:
    """Apply `over` to each window that has any number; the others stay NaN."""
    found = np.full(len(values), np.nan, dtype=np.float32)
    there = np.isfinite(values).any(axis=1)
    found[there] = over(values[there], axis=1)
    return found


CHANGES: dict[str, Callable[[Floats, tuple[Column, ...], int], Windows]] = {
    "shuffled": shuffled,
    "averaged": averaged,
    "aggregated": aggregated,
}
