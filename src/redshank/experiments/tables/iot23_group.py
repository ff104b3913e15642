"""IoT-23, no capture in two parts: what is learnt from some malware captures, tested on others."""

from collections.abc import Sequence
from typing import ClassVar

from redshank.experiments.cell import Cell
from redshank.experiments.experiment import Experiment, Results, grid
from redshank.experiments.wording import best, counted
from redshank.experiments.zoo import BUDGET_NOTE, zoo

TABLE = "Benign or attack, unseen captures"


class Iot23Group(Experiment):
    """Every model on IoT-23, grouped by capture."""

    title: ClassVar[str] = "All models on IoT-23, unseen captures"
    what: ClassVar[str] = "Every model on real Zeek logs of malware and of devices, tested on captures it has not seen."
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        "There are few captures and they differ much: the interval over seeds is mostly about which of them test.",
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        return grid(
            seeds,
            zoo(Cell("iot23", "", protocol="group", protocol_settings={"by": "capture", "seen": "keep"}, table=TABLE)),
        )

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        return [*best(results, "roc_auc", TABLE), *counted(results, TABLE)]
