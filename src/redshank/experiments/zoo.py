"""Every model there is, as rows of a table.

In: a dataset, a protocol, a task. Out: one cell per model, found by the files in `learn/models/`: a new model is a new
row. The one idea: all networks get the same short budget, so that a table of all models is a matter of hours on two
cores; the note says so.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from redshank.experiments.cell import Cell
from redshank.experiments.experiment import BESIDE
from redshank.learn.model import MODELS
from redshank.learn.network import Network

VARIANTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "bilstm": {"bilstm": {}, "bilstm, min-max input": {"inputs": "minmax"}}
}
"""Models that have several rows: settings by row."""

BUDGET: dict[str, Any] = {"epochs": 20, "batch_size": 128, "patience": 4, "learning_rate": 0.002}
BUDGET_NOTE = (
    f"Every network here has the same short budget: {BUDGET['epochs']} epochs at most, batches of "
    f"{BUDGET['batch_size']}, early stopping after {BUDGET['patience']} epochs without a lower validation loss, "
    f"learning rate {BUDGET['learning_rate']}. Nothing was tuned for a table; `redshank tune` does that."
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
