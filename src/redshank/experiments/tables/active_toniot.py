"""Every query strategy on ToN_IoT's distinct vectors: how many answers a forest needs to do as with every label."""

from collections.abc import Sequence
from typing import ClassVar

from redshank.active.strategy import STRATEGIES
from redshank.experiments.cell import Cell
from redshank.experiments.curves import ASKED_NOTES, CONTROL, FEW, LEAD, RIVAL, Asking, asking, compared
from redshank.experiments.experiment import Results
from redshank.experiments.wording import first_seeds

FAMILIES, BINARY = "Ten families", "Benign or attack"
LEARNER = "random_forest"
ALWAYS = (LEAD, RIVAL, CONTROL)
"""Run with every seed."""
BUDGETS = {LEAD: 2000, RIVAL: 3000, CONTROL: 6000}
"""Answers among families: as many as it takes to see where each ends."""
OTHERS = 2000
BINARY_BUDGETS = {LEAD: 1000, RIVAL: 1000, CONTROL: 2000}


class ActiveToniot(Asking):
    """A table of families with every strategy, and one of benign or attack."""

    title: ClassVar[str] = "Which questions to ask on ToN_IoT"
    what: ClassVar[str] = (
        "How many answers of an analyst a random forest needs to be as good as with every label of ToN_IoT, by what is "
        "asked."
    )
    asks: ClassVar[str] = "How many labels does the right question save?"
    notes: ClassVar[tuple[str, ...]] = (
        *ASKED_NOTES,
        f"The learner is a {LEARNER} with its defaults. {first_seeds(f'Rows with {FEW} seeds', FEW)}.",
    )
    shown: ClassVar[tuple[str, ...]] = (*ALWAYS, "least_confidence")

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        others = {name: OTHERS for name in STRATEGIES.names() if name not in ALWAYS}
        made = []
        for seed in seeds:
            shared = Cell("ton_iot", LEARNER, task="family", seed=seed, table=FAMILIES)
            made += asking(shared, BUDGETS | others, few=others)
            made += asking(Cell("ton_iot", LEARNER, seed=seed, table=BINARY), BINARY_BUDGETS)
        return made

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        return [*compared(results, FAMILIES), *compared(results, BINARY)]
