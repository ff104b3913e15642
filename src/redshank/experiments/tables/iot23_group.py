"""IoT-23, each capture in its turn unseen: what is learnt from some malware captures, tested on another."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from redshank.experiments.captures import COLUMNS, LEFT_OUT_NOTE, TREES, each_left_out
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import Experiment, Results, grid
from redshank.experiments.measure import Data
from redshank.experiments.wording import best
from redshank.experiments.zoo import OFTEN_NOTE, often, zoo

TABLE = "Benign or attack, unseen captures"
NETWORK: dict[str, Any] = {"epochs": 4, "patience": 4}
"""Five networks a row: one for each capture left out."""


class Iot23Group(Experiment):
    """Every model on IoT-23, one capture left out at a time."""

    title: ClassVar[str] = "All models on IoT-23, unseen captures"
    what: ClassVar[str] = "Every model on real Zeek logs of malware and of devices, judged on captures it has not seen."
    asks: ClassVar[str] = "Which model ranks the attacks of an unseen capture first?"
    columns: ClassVar[tuple[str, ...]] = COLUMNS
    notes: ClassVar[tuple[str, ...]] = (
        LEFT_OUT_NOTE,
        f"Networks train {NETWORK['epochs']} epochs, trees {TREES['rounds']} rounds; nothing stops early.",
        OFTEN_NOTE,
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        grouped = {"by": "capture", "seen": "keep"}
        each = zoo(Cell("iot23", "", protocol="group", protocol_settings=grouped, settings=NETWORK, table=TABLE))
        each = [replace(cell, settings=TREES) if cell.model == "lightgbm" else cell for cell in each]
        return often(grid(seeds, each))

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """See `each_left_out`."""
        return each_left_out(cell, data)

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        return best(results, "mean AUC", TABLE)
