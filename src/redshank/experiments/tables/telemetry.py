"""The seven devices of ToN_IoT's telemetry, without time and without formatting that gives labels away."""

from collections.abc import Sequence
from typing import Any, ClassVar

from redshank.experiments.cell import Cell
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid
from redshank.experiments.wording import KNOWING_NOTHING, ranked, told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE

DEVICES = ("fridge", "garage_door", "gps_tracker", "modbus", "motion_light", "thermostat", "weather")
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
            "occur in one class only; all are gone here. Two devices have so few values that nothing can be learnt."
        ),
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        return grid(
            seeds,
            [
                Cell(f"telemetry/{device}", model, task="binary", settings=settings, table=device, row=model)
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
