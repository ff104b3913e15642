"""From one network to another: trained on ToN_IoT, judged on each capture of IoT-23, and back.

Nothing is fitted on the other network until labels are given: then 20, 50 or 100 of its flows are labelled, half of
them those that score highest, half at random, and trained with as well. They come from one half of its vectors; the
other half is what all figures are of.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from redshank.data.parts import Part
from redshank.detect.calibrate import attack_score
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid
from redshank.experiments.glance import Glance, glance
from redshank.experiments.measure import Data, alarms, auc, share
from redshank.experiments.wording import mean_over, spread, told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE
from redshank.learn.table import Table
from redshank.learn.train import Trained, fit

SOURCE = "ton_iot"
CAPTURES = ("42-1", "20-1", "21-1", "8-1")
BACK = f"iot23 to {SOURCE}"
LABELS = (20, 50, 100)
RATE = 0.01
WEIGHT = 20.0
"""What a local label weighs in training, in rows of the other network: there are few of them."""
MODELS: dict[str, dict[str, Any]] = {"fnn": BUDGET, **{name: {} for name in BESIDE}}


class CrossDataset(Experiment):
    """AUC per capture, without and with local labels."""

    title: ClassVar[str] = "Another network"
    what: ClassVar[str] = (
        "What a model that learnt one network is worth on another, capture by capture, before and after some labels."
    )
    asks: ClassVar[str] = "Does a model of one network work on another?"
    columns: ClassVar[tuple[str, ...]] = (
        "AUC",
        *(f"AUC after {labels} labels" for labels in LABELS),
        "fpr at its threshold",
        "recall at its threshold",
    )
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        (
            "The threshold is the one for 1 % false alarms on the network that trained: what it does on the other one "
            "is what would happen to a person who trusts it. A single seed's interval of AUC is a bootstrap over rows."
        ),
        f"Half of the labels go to the flows that score highest, half at random; each weighs {WEIGHT:g} rows.",
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        ways = [(SOURCE, f"iot23/{capture}") for capture in CAPTURES]
        ways += [("iot23", SOURCE)]
        return grid(
            seeds,
            [
                Cell(
                    one,
                    model,
                    protocol="cross",
                    protocol_settings={"target": other},
                    feature_set="conn",
                    settings=settings,
                    others=(other,),
                    table=f"{one} to {other}",
                    row=model,
                )
                for one, other in ways
                for model, settings in MODELS.items()
            ],
        )

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Judge on the other network, then again with labels of it."""
        parts = data.parts(cell)
        order = np.random.default_rng(cell.seed).permutation(len(parts.test))
        pool, test = (parts.test.take(np.sort(half)) for half in np.array_split(order, 2))
        trained = fit(parts, cell.model, settings=dict(cell.settings), seed=cell.seed)
        figures = _auc("AUC", trained, test, cell.seed)
        alarm = alarms(trained, test, trained.calibration, RATE)
        figures |= share("fpr at its threshold", alarm[test.y == 0])
        figures |= share("recall at its threshold", alarm[test.y != 0])
        asked = _questions(attack_score(trained.model.predict_proba(pool.x)), max(LABELS), cell.seed)
        for labels in LABELS:
            local = pool.take(np.concatenate([half[: labels // 2] for half in asked]))
            # Only attack or benign is judged here: a family that nobody trained is an attack like others.
            y = (local.y != 0).astype(np.int64)
            repeated = np.repeat(np.arange(len(local)), int(WEIGHT))
            more = replace(
                parts.train,
                x=np.concatenate([parts.train.x, local.x[repeated]]),
                y=np.concatenate([parts.train.y, y[repeated]]),
                weight=np.concatenate([parts.train.weight, np.ones(len(repeated), np.float32)]),
                row=np.concatenate([parts.train.row, local.row[repeated]]),
                minority=None,
                members=None,
            )
            again = fit(replace(parts, train=more), cell.model, settings=dict(cell.settings), seed=cell.seed)
            figures |= _auc(f"AUC after {labels} labels", again, test, cell.seed)
        attacks = int((test.y != 0).sum())
        return Outcome(figures, rows={"train": len(parts.train), "test": len(test), "attacks": attacks})

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        said = []
        seen = [table for table in results.tables if table.startswith(f"{SOURCE} ")]
        row = "lightgbm"
        last = f"AUC after {LABELS[-1]} labels"
        there = self._mean(results)
        lead = next((one for one in there.rows if one.name == row), None)
        if lead is not None:
            rates = [results.figure("fpr at its threshold", table=table, row=row).mean for table in seen]
            known = sorted(rate for rate in rates if rate is not None)
            said.append(
                f"From ToN_IoT to {len(CAPTURES)} captures of IoT-23, {row} has a mean AUC of "
                f"{told(lead.figures['AUC'])}, after {LABELS[-1]} labels {told(lead.figures[last])}"
                + (f"; its threshold for {RATE:.0%} false alarms gives {spread(known)} there." if known else ".")
            )
        first, after = (results.figure(name, table=BACK, row=row) for name in ("AUC", last))
        if first.mean is not None:
            said.append(f"From IoT-23 to ToN_IoT its AUC is {told(first)}, after {LABELS[-1]} labels {told(after)}.")
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        return glance(self._mean(results), "AUC", where=f"{SOURCE} to {len(CAPTURES)} captures of iot23, mean")

    def _mean(self, results: Results) -> Table:
        tables = [f"{SOURCE} to iot23/{capture}" for capture in CAPTURES]
        return mean_over(results, tables, self.columns, "Mean over captures")


def _questions(scores: npt.NDArray[np.float64], most: int, seed: int) -> tuple[Any, Any]:
    """Return whom to ask about: the highest scores, and others at random."""
    ranked = np.argsort(-scores, kind="stable")
    highest, rest = ranked[: most // 2], ranked[most // 2 :]
    return highest, np.random.default_rng(seed).permutation(rest)[: most // 2]


def _auc(name: str, trained: Trained, part: Part, seed: int) -> dict[str, float | None]:
    return auc(name, part.y != 0, attack_score(trained.model.predict_proba(part.x)), seed)
