"""All models on BoT-IoT: its categories on the largest genuine sample at hand, benign or attack where benign rows are.

The largest sample has four benign vectors, of which one tests: no rate of false alarms can be told on it. Another
sample, whose benign rows were kept on purpose, has a thousand to test; there benign or attack can be judged, though not
in the mix that the dataset has.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from redshank.experiments.cell import Cell
from redshank.experiments.experiment import BESIDE, Results, grid
from redshank.experiments.wording import best, counted, ranked, told
from redshank.experiments.zoo import BINARY, BUDGET, BUDGET_NOTE, FAMILIES, OFTEN_NOTE, Zoo, lasting, often, zoo

NATURAL = "Benign or attack, in the dataset's own mix"
KEPT = "bot_iot/feat11"
EPOCHS = 3 * BUDGET["epochs"]
"""Of networks on the sample with benign rows, which has a third of the rows."""


class ZooBotiot(Zoo):
    """Every model on BoT-IoT's distinct vectors."""

    dataset: ClassVar[str] = "bot_iot/mat"
    best_by: ClassVar[tuple[str, str]] = ("balanced_accuracy", "balanced_accuracy")
    title: ClassVar[str] = "All models on BoT-IoT"
    what: ClassVar[str] = (
        "Every model on the distinct vectors of genuine samples of BoT-IoT, in the larger of which benign vectors can "
        "be counted on one hand."
    )
    asks: ClassVar[str] = "Which model tells BoT-IoT's attacks apart, and from benign rows?"
    columns: ClassVar[tuple[str, ...]] = ("balanced_accuracy", "macro_f1", "mcc", "accuracy", "recall", "fpr")
    notes: ClassVar[tuple[str, ...]] = (
        f"{BUDGET_NOTE} On the sample with benign rows, a third as large, it is {EPOCHS} epochs.",
        OFTEN_NOTE,
        (
            "More than 99.9 % of BoT-IoT's rows are attacks, so accuracy says nothing. The sample of the first table "
            "has eight columns and one benign vector to test: its rate of false alarms is 0 or 1. Benign or attack is "
            "judged on a sample of 18,867 rows that a third party has made (columns and two categories dropped, "
            "benign rows kept)."
        ),
    )

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        whole = Cell(self.dataset, "", task="family", table=FAMILIES)
        kept = Cell(KEPT, "", task="binary", settings=lasting(EPOCHS), table=BINARY)
        natural = Cell(self.dataset, "", task="binary", table=NATURAL)
        beside = [replace(natural, model=name, row=name) for name in BESIDE]
        return often(grid(seeds, [*zoo(whole), *zoo(kept), *beside]))

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        name = self.best_by[0]
        said = [*best(results, name, FAMILIES), *best(results, name, BINARY), *counted(results, BINARY)]
        constant, lookup = (results.figure("accuracy", table=NATURAL, row=row) for row in ("constant", "lookup"))
        if constant.mean is not None:
            said.append(
                f"In the dataset's own mix answering “attack” to everything has an accuracy of {told(constant)}, a "
                f"lookup table {told(lookup)}."
            )
        return said

    def worth(self, results: Results) -> list[str]:
        """See `Experiment.worth`."""
        constant = results.figure("accuracy", table=NATURAL, row="constant")
        order = ranked(results, "balanced_accuracy", BINARY)
        if constant.mean is None or not order:
            return []
        row, figure = order[0]
        return [
            (
                f"On distinct vectors of BoT-IoT answering “attack” to everything has an accuracy of {told(constant)}: "
                "an accuracy says nothing there. On a sample whose benign rows were kept the best balanced accuracy is "
                f"{told(figure)}, of {row}."
            )
        ]
