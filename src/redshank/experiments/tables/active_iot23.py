"""Query strategies on IoT-23's captures: a small pool whose attacks are mostly of one kind."""

from collections.abc import Sequence
from typing import ClassVar

from redshank.experiments.cell import Cell
from redshank.experiments.curves import ASKED_NOTES, CONTROL, LEAD, RIVAL, Asking, asking, compared
from redshank.experiments.experiment import Results

BINARY = "Benign or attack"
LEARNER = "random_forest"
BUDGETS = {LEAD: 400, RIVAL: 400, CONTROL: 1000}


class ActiveIot23(Asking):
    """One table, benign or attack."""

    title: ClassVar[str] = "Which questions to ask on IoT-23"
    what: ClassVar[str] = "How many answers a random forest needs on the captures of IoT-23, by what is asked."
    asks: ClassVar[str] = "Does asking save labels on IoT-23 too?"
    notes: ClassVar[tuple[str, ...]] = (
        *ASKED_NOTES,
        f"The learner is a {LEARNER} with its defaults; of two classes margin, entropy and least confidence ask alike.",
        "Families are not told apart: of all attacks but one kind there are ten vectors or fewer to learn from.",
    )
    shown: ClassVar[tuple[str, ...]] = tuple(BUDGETS)

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        return [cell for seed in seeds for cell in asking(Cell("iot23", LEARNER, seed=seed, table=BINARY), BUDGETS)]

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        return compared(results, BINARY)
