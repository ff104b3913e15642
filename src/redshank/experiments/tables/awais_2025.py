"""Awais et al.: RNN, FNN and CNN on BoT-IoT, in the three readings that its figures allow.

The study reports 84.86 to 95.61 % accuracy on the ten-best file, where the constant "attack" scores 99.985 %: what it
measured is not said. So all three readings are run: benign or attack, the category, and the category with a training
part that is balanced by drawing rows again. Balancing touches the training part alone.
Source: Awais et al., RNN, FNN and CNN for intrusion detection on BoT-IoT.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from redshank.data.parts import Part
from redshank.experiments.cell import Cell, Outcome
from redshank.experiments.experiment import BESIDE, Experiment, Results, grid, table_of
from redshank.experiments.glance import Glance, glance
from redshank.experiments.measure import Data, outcome
from redshank.experiments.wording import best, told
from redshank.experiments.zoo import BUDGET, BUDGET_NOTE
from redshank.learn.settings import preset
from redshank.learn.train import fit

PUBLISHED = {"rnn": 0.9561, "fnn": 0.9389, "cnn": 0.8486}
"""Accuracies that the study reports for its networks."""
KERNELS = {"polynomial": 0.8634, "rbf": 0.8632, "normalized_polynomial": 0.8284}
"""And for support vector machines, by kernel."""
BINARY, CATEGORY, RESAMPLED = "Benign or attack", "Category", "Category, training part balanced"
OTHER = "Category, a sample with more benign rows"
SAMPLE, BENIGN_SAMPLE = "bot_iot/mat", "bot_iot/feat11"
ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    **{name: (name, {**BUDGET, **preset(name, "paper")}) for name in PUBLISHED},
    **{f"svm, {kernel.replace('_', ' ')} kernel": ("svm", {"kernel": kernel}) for kernel in KERNELS},
    **{name: (name, {}) for name in BESIDE},
}
"""Model and settings by row."""


class Awais2025(Experiment):
    """The study's three networks in three readings."""

    title: ClassVar[str] = "RNN, FNN and CNN on BoT-IoT (Awais et al.)"
    what: ClassVar[str] = "The second study's three networks, in the three readings that its figures allow."
    asks: ClassVar[str] = "Can the published networks tell categories of BoT-IoT apart?"
    columns: ClassVar[tuple[str, ...]] = ("accuracy", "accuracy of rows", "balanced_accuracy", "macro_f1", "mcc")
    notes: ClassVar[tuple[str, ...]] = (
        BUDGET_NOTE,
        (
            "The study's ten-best file is not here, only samples of the dataset; for who has it the same readings are "
            "`redshank train bot_iot/10best --task binary` and `--task family`. Input is min-max scaled, as in the "
            "study."
        ),
        (
            "Benign and theft have one distinct vector each to test in the sample of the first three readings: each "
            "decides a fifth of the balanced accuracy over categories."
        ),
        "“accuracy” counts each distinct vector once, “accuracy of rows” each row, as the study does.",
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        readings: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
            (BINARY, SAMPLE, "binary", {}),
            (CATEGORY, SAMPLE, "family", {}),
            (RESAMPLED, SAMPLE, "family", {"balanced": True}),
            (OTHER, BENIGN_SAMPLE, "family", {}),
        )
        return grid(
            seeds,
            [
                Cell(dataset, model, task=task, settings=settings, options=options, table=table, row=row)
                for table, dataset, task, options in readings
                for row, (model, settings) in ROWS.items()
            ],
        )

    def measure(self, cell: Cell, data: Data) -> Outcome:
        """Train, on a balanced training part where the reading asks for it."""
        parts = data.parts(cell)
        if cell.options.get("balanced"):
            parts = replace(parts, train=balanced(parts.train, cell.seed))
        trained = fit(parts, cell.model, settings=dict(cell.settings), seed=cell.seed)
        return outcome(trained, parts, cell.seed)

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        constant = results.figure("accuracy of rows", table=BINARY, row="constant")
        if constant.mean is None:
            return []
        published = [f"{value:.4f} ({name})" for name, value in {**PUBLISHED, **KERNELS}.items()]
        said = [
            (
                f"The study reports accuracies of {', '.join(published)}. Answering “attack” to every row scores "
                f"{told(constant)} on this sample, so as figures of benign or attack they would be worse than nothing; "
                "as figures of categories they depend on the mix of classes."
            )
        ]
        for table in (CATEGORY, RESAMPLED, OTHER):
            said += best(results, "balanced_accuracy", table)
        return said

    def worth(self, results: Results) -> list[str]:
        """See `Experiment.worth`."""
        constant = results.figure("accuracy of rows", table=BINARY, row="constant")
        networks = {name: results.figure("balanced_accuracy", table=CATEGORY, row=name) for name in PUBLISHED}
        known = [f"{name} {told(figure)}" for name, figure in networks.items() if figure.mean is not None]
        lookup = results.figure("balanced_accuracy", table=CATEGORY, row="lookup")
        said = []
        if constant.mean is not None:
            low, high = min(PUBLISHED.values()), max(PUBLISHED.values())
            said.append(
                f"Accuracies of {low:.4f} to {high:.4f} were published for networks on BoT-IoT, where answering "
                f"“attack” to every row of a sample scores {told(constant)}."
            )
        if known:
            memory = f", a table that only remembers {told(lookup)}" if lookup.mean is not None else ""
            said.append(f"Their balanced accuracy over categories is {', '.join(known)}{memory}.")
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        return glance(table_of(results, CATEGORY, self.columns), "balanced_accuracy", where=CATEGORY)


def balanced(part: Part, seed: int) -> Part:
    """Draw rows so that every class there is has as many as an equal share of the part; rare rows come again.

    Args:
        part: A training part.
        seed: Of the draw.
    """
    there = np.unique(part.y)
    rng, each = np.random.default_rng(seed), len(part) // len(there)
    rows = [np.flatnonzero(part.y == label) for label in there]
    at = np.concatenate([rng.choice(some, each, replace=len(some) < each) for some in rows])
    return Part(part.x[at], part.y[at], np.ones(len(at), np.float32), part.row[at])
