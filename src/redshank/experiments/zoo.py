"""Every model there is, as rows of a table.

In: a dataset, a protocol, a task. Out: one cell per model, found by the files in `learn/models/`: a new model is a new
row; `Zoo` is the experiment that is nothing but such tables. The one idea: all networks get the same short budget, so
that a table of all models is a matter of hours on two cores; the note says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from redshank.experiments.cell import Cell
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid
from redshank.experiments.wording import best, counted
from redshank.learn.model import MODELS
from redshank.learn.network import Network

VARIANTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "bilstm": {"bilstm": {}, "bilstm, min-max input": {"inputs": "minmax"}},
    "svm": {
        f"svm, {kernel.replace('_', ' ')} kernel": {"kernel": kernel}
        for kernel in ("rbf", "polynomial", "normalized_polynomial")
    },
}
"""Models that have several rows: settings by row."""

BUDGET: dict[str, Any] = {"epochs": 20, "batch_size": 128, "patience": 3}
BUDGET_NOTE = (
    f"Every network here has the same short budget: {BUDGET['epochs']} epochs at most, batches of "
    f"{BUDGET['batch_size']}, early stopping after {BUDGET['patience']} epochs without a lower validation loss. "
    "Nothing was tuned for a table; `redshank tune` does that."
)


def zoo(template: Cell) -> list[Cell]:
    """Return one cell per row of the zoo: networks, then other models, then what every table has.

    Models that learn from benign rows alone are in binary tables only.

    Args:
        template: What they share; its settings go to the networks beside the budget.
    """
    kinds = {name: MODELS.find(name) for name in MODELS.names()}
    order = sorted(
        kinds, key=lambda name: (name in BESIDE, not issubclass(kinds[name], Network), kinds[name].one_class)
    )
    cells = []
    for name in order:
        if kinds[name].one_class and template.task != "binary":
            continue
        budget = {**BUDGET, **template.settings} if issubclass(kinds[name], Network) else {}
        for row, settings in VARIANTS.get(name, {name: {}}).items():
            cells.append(replace(template, model=name, row=row, settings={**budget, **settings}))
    return cells


FAMILIES, BINARY = "Families", "Benign or attack"


class Zoo(Experiment):
    """Every model on one dataset: a table of families and one of benign or attack."""

    dataset: ClassVar[str]
    """Full name of the dataset."""
    best_by: ClassVar[tuple[str, str]] = ("macro_f1", "recall_at_0.01")
    """The figure that tells which row is best, by table."""
    notes: ClassVar[tuple[str, ...]] = (BUDGET_NOTE,)

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        tables = ((FAMILIES, "family"), (BINARY, "binary"))
        return grid(
            seeds, [cell for name, task in tables for cell in zoo(Cell(self.dataset, "", task=task, table=name))]
        )

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        families, binary = self.best_by
        return [*best(results, families, FAMILIES), *best(results, binary, BINARY), *counted(results, FAMILIES)]
