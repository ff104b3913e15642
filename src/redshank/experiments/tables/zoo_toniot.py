"""All models on ToN_IoT when nothing leaks, ten families and benign or attack."""

from collections.abc import Sequence
from typing import ClassVar

from redshank.experiments.cell import Cell
from redshank.experiments.experiment import Experiment, Results, grid
from redshank.experiments.wording import best, counted
from redshank.experiments.zoo import BUDGET_NOTE, zoo

FAMILIES, BINARY = "Ten families", "Benign or attack"


class ZooToniot(Experiment):
    """Every model on the distinct vectors of ToN_IoT's network table."""

    title: ClassVar[str] = "All models on ToN_IoT"
    what: ClassVar[str] = (
        "Every model on the same distinct vectors of ToN_IoT's network table: no addresses, ports, free text or copies."
    )
    columns: ClassVar[tuple[str, ...]] = (
        "macro_f1",
        "accuracy",
        "mcc",
        "recall of mitm",
        "roc_auc",
        "recall_at_0.01",
        "fpr_at_0.01",
        "fpr",
        "ece",
    )
    notes: ClassVar[tuple[str, ...]] = (BUDGET_NOTE,)

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        return grid(
            seeds,
            [
                cell
                for table, task in ((FAMILIES, "family"), (BINARY, "binary"))
                for cell in zoo(Cell("ton_iot", "", task=task, table=table))
            ],
        )

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        return [
            *best(results, "macro_f1", FAMILIES),
            *best(results, "recall_at_0.01", BINARY),
            *counted(results, FAMILIES),
        ]
