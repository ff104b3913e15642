"""The seven devices of ToN_IoT's telemetry, without time and without formatting that gives labels away."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from redshank.core.schema import BENIGN
from redshank.data.assemble import whole
from redshank.data.dataset import Labelled
from redshank.data.own import OwnEncoding
from redshank.data.parts import Parts
from redshank.data.protocol import ATTACK, SHARES
from redshank.data.split import stratified
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid
from redshank.experiments.glance import Glance, glance
from redshank.experiments.measure import Data, outcome, train_and_judge
from redshank.experiments.wording import mean_over, ranked, told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE
from redshank.learn.table import Table
from redshank.learn.train import fit

DEVICES = ("fridge", "garage_door", "gps_tracker", "modbus", "motion_light", "thermostat", "weather")
MEAN, BALANCED = "Mean over the seven devices", "balanced_accuracy"
POOR, KEPT = frozenset({"fridge", "garage_door", "motion_light"}), "kept"
"""Devices with so few distinct readings, most of them an attack's in the majority, that no benign vector is left."""
CHANCE = 0.51
"""A balanced accuracy up to this is called chance."""
MODELS: dict[str, dict[str, Any]] = {
    "bilstm": BUDGET,
    "fnn": BUDGET,
    "random_forest": {},
    "naive_bayes": {},
    **{name: {} for name in BESIDE},
}


class Telemetry(Experiment):
    """Models on each device's own readings."""

    title: ClassVar[str] = "IoT telemetry, device by device"
    what: ClassVar[str] = (
        "What the readings of each of seven devices say of an attack, once dates and stray blanks are gone."
    )
    asks: ClassVar[str] = "Do a device's own readings show an attack?"
    columns: ClassVar[tuple[str, ...]] = ("macro_f1", "balanced_accuracy", "mcc", "accuracy", "roc_auc")
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        (
            "Published figures near 1 on these files come from the date, the time, or blanks at the end of values that "
            "occur in one class only; all are gone here."
        ),
        (
            "Positions and weather change slowly: readings next to each other in time are nearly equal and stand on "
            "both sides of a random split, so what trees reach on them is more than they would on another day."
        ),
        (
            "Fridge, garage door and motion light have so few distinct readings that hardly a benign vector is left "
            "once equal ones are merged: there every row counts, copies of it are on both sides, and the lookup row is "
            "about the best that any model can do."
        ),
    )

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Judge on distinct vectors, or on all rows where there are too few of them."""
        if cell.options.get("copies") != KEPT:
            return train_and_judge(cell, data)
        parts = all_rows(data.labelled(cell.dataset), cell.seed)
        return outcome(fit(parts, cell.model, settings=dict(cell.settings), seed=cell.seed), parts, cell.seed)

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        return grid(
            seeds,
            [
                Cell(
                    f"telemetry/{device}",
                    model,
                    settings=settings,
                    options={"copies": KEPT} if device in POOR else {},
                    table=device,
                    row=model,
                )
                for device in DEVICES
                for model, settings in MODELS.items()
            ],
        )

    def tables(self, results: Results) -> list[Table]:
        """Put the mean over the devices before the table of each."""
        mean = mean_over(results, DEVICES, self.columns, MEAN)
        return [*([mean] if mean.rows else []), *super().tables(results)]

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        said = []
        seen = self.glance(results)
        if seen is not None and seen.best is not None:
            said.append(
                f"The best mean balanced accuracy over the devices is {told(seen.best.figure)}, of {seen.best.row}; "
                f"boosted trees reach {told(seen.trees)}, a lookup table {told(seen.lookup)}, chance 0.5."
            )
        each = [(device, order[0]) for device in results.tables if (order := ranked(results, BALANCED, device))]
        told_apart = [(device, row, figure) for device, (row, figure) in each if (figure.mean or 0.0) > CHANCE]
        hidden = [device for device, (_, figure) in each if (figure.mean or 0.0) <= CHANCE]
        if told_apart:
            known = [f"{device} {told(figure)} ({row})" for device, row, figure in told_apart]
            said.append(f"The best of each device that tells anything: {', '.join(known)}.")
        if hidden:
            said.append(f"No model does better than chance on {', '.join(hidden)}.")
        return said

    def worth(self, results: Results) -> list[str]:
        """See `Experiment.worth`."""
        seen = self.glance(results)
        if seen is None or seen.best is None:
            return []
        return [
            (
                "Figures near 1 on ToN_IoT's telemetry come from dates and stray blanks: without them the best mean "
                f"balanced accuracy over its devices is {told(seen.best.figure)}, of {seen.best.row}, and remembering "
                f"reaches {told(seen.lookup)}."
            )
        ]

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        return glance(mean_over(results, DEVICES, self.columns, MEAN), BALANCED, where=MEAN)


def all_rows(labelled: Labelled, seed: int) -> Parts:
    """Split rows at random by class, copies kept; vocabularies are fitted on the training rows.

    Args:
        labelled: A dataset with columns of its own.
        seed: Of the split.
    """
    y = (labelled.family != BENIGN).astype(np.int64)
    rows = stratified(y, SHARES, seed)
    encoded = OwnEncoding(labelled).encode(rows)
    train, validation, calibration, test = whole(encoded.x, y, rows).parts
    return Parts(
        train,
        validation,
        calibration,
        test,
        columns=encoded.columns,
        classes=(BENIGN, ATTACK),
        dataset=labelled.name,
        sha256=labelled.sha256,
        protocol="leakfree",
        task="binary",
        seed=seed,
        feature_set=None,
        notes={"copies": KEPT},
        family=labelled.family,
    )
