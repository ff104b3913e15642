"""Every model there is, as rows of a table.

In: a dataset, a protocol, a task. Out: one cell per model, found by the files in `learn/models/`: a new model is a new
row; `Zoo` is the experiment that is nothing but such tables. The one idea: all networks get the same short budget, and
the rows that people ask for first get more seeds than the rest, so that a table of all models is a matter of an hour
on two cores; the notes say so.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from redshank.experiments.cell import Cell
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid
from redshank.experiments.wording import best, counted, first_seeds
from redshank.learn.model import MODELS
from redshank.learn.network import MANY_ROWS, Network

VARIANTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "bilstm": {"bilstm": {}, "bilstm, min-max input": {"inputs": "minmax"}},
    "mlp_ensemble": {"mlp_ensemble": {"learning_rate": 0.004}},
    "svm": {
        f"svm, {kernel.replace('_', ' ')} kernel": {"kernel": kernel}
        for kernel in ("rbf", "polynomial", "normalized_polynomial")
    },
}
"""Models that have several rows: settings by row."""

BUDGET: dict[str, Any] = {**MANY_ROWS, "epochs": 10, "batch_size": 256, "patience": 10}


def lasting(epochs: int) -> dict[str, int]:
    """Return the settings of networks that train as many epochs, and do not stop before."""
    return {"epochs": epochs, "patience": epochs}


def budget_note(epochs: int = BUDGET["epochs"]) -> str:
    """Say what budget networks have.

    Args:
        epochs: How many they train.
    """
    return (
        f"Every network here has the same short budget: {epochs} epochs in batches of {BUDGET['batch_size']}, one "
        "cycle of the learning rate. Nothing was tuned for a table; `redshank tune` does that."
    )


BUDGET_NOTE = budget_note()
OFTEN = frozenset({*BESIDE, "bilstm", "extra_trees", "fnn", "mlp_ensemble", "naive_bayes", "random_forest"})
"""Models that are run with every seed."""
OFTEN_NOTE = f"{first_seeds('Rows without an interval', 1)}: a model that is run often has one."


def often(cells: Iterable[Cell]) -> list[Cell]:
    """Leave all seeds but the first to the models that are run often."""
    return [cell for cell in cells if cell.seed == 0 or cell.model in OFTEN]


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
    notes: ClassVar[tuple[str, ...]] = (BUDGET_NOTE, OFTEN_NOTE)
    settings: ClassVar[Mapping[str, Any]] = {}
    """What the networks of this table get beside the budget."""

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        tables = ((FAMILIES, "family"), (BINARY, "binary"))
        each = [
            cell
            for name, task in tables
            for cell in zoo(Cell(self.dataset, "", task=task, settings=self.settings, table=name))
        ]
        return often(grid(seeds, each))

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        families, binary = self.best_by
        return [*best(results, families, FAMILIES), *best(results, binary, BINARY), *counted(results, FAMILIES)]
