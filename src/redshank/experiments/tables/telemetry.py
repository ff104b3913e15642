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
from redshank.experiments.measure import Data, outcome, train_and_judge
from redshank.experiments.wording import KNOWING_NOTHING, ranked, told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE
from redshank.learn.train import fit

DEVICES = ("fridge", "garage_door", "gps_tracker", "modbus", "motion_light", "thermostat", "weather")
POOR, KEPT = frozenset({"fridge", "garage_door", "motion_light"}), "kept"
"""Devices with so few distinct readings, most of them an attack's in the majority, that no benign vector is left."""
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
    columns: ClassVar[tuple[str, ...]] = ("macro_f1", "balanced_accuracy", "mcc", "accuracy", "roc_auc")
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        (
            "Published figures near 1 on these files come from the date, the time, or blanks at the end of values that "
            "occur in one class only; all are gone here."
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

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        said = []
        for device in results.tables:
            order = ranked(results, "balanced_accuracy", device)
            lookup = results.figure("balanced_accuracy", table=device, row=KNOWING_NOTHING[1])
            if order:
                row, figure = order[0]
                beside = f", a lookup table {told(lookup)}" if lookup.mean is not None else ""
                said.append(f"{device}: the best balanced accuracy is {told(figure)}, of {row}{beside}.")
        return said


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
