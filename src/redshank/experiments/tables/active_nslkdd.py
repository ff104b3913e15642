"""Query strategies on NSL-KDD's five classes: within its own traffic, and judged on Test+, which is other traffic."""

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from redshank.experiments.asking import SCORE, at
from redshank.experiments.cell import Cell
from redshank.experiments.curves import (
    ASKED_NOTES,
    CONTROL,
    FEW,
    LEAD,
    RIVAL,
    TOLD_AT,
    Asking,
    asking,
    compared,
    difference,
)
from redshank.experiments.experiment import Results
from redshank.experiments.wording import first_seeds, told

OWN, OFFICIAL = "Five classes", "Five classes, judged on Test+"
LEARNER = "random_forest"
FIRST = "least_confidence"
BUDGETS = {LEAD: 1000, RIVAL: 1000, CONTROL: 2000, FIRST: 1000}
LATER = {LEAD: 600, RIVAL: 600, CONTROL: 600}
"""Answers on Test+: there a curve is flat after a few hundred."""


class ActiveNslkdd(Asking):
    """A table within the dataset, and one on its official test part."""

    title: ClassVar[str] = "Which questions to ask on NSL-KDD"
    what: ClassVar[str] = (
        "How many answers a random forest needs on NSL-KDD, and what they are worth on Test+, whose traffic is another."
    )
    asks: ClassVar[str] = "Does asking save labels on NSL-KDD too?"
    notes: ClassVar[tuple[str, ...]] = (
        *ASKED_NOTES,
        f"The learner is a {LEARNER} with its defaults. {first_seeds(f'Rows of {FIRST}', FEW)}.",
        "On Test+ the model with every label is no ceiling: it has learnt Train+, and a few answers may do better.",
    )
    shown: ClassVar[tuple[str, ...]] = (LEAD, RIVAL, CONTROL, FIRST)

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        made = []
        for seed in seeds:
            own = Cell("nsl_kdd", LEARNER, task="family", seed=seed, table=OWN)
            made += asking(own, BUDGETS, few=(FIRST,))
            made += asking(replace(own, protocol="official", table=OFFICIAL), LATER)
        return made

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        there, control = (results.figure(at(SCORE, TOLD_AT), table=OFFICIAL, row=row) for row in (LEAD, CONTROL))
        gain = difference(results, at(SCORE, TOLD_AT), OFFICIAL, LEAD, CONTROL)
        if there.mean is None or gain.mean is None:
            return compared(results, OWN)
        return [
            *compared(results, OWN),
            (
                f"On Test+ {LEAD} reaches a macro-F1 of {told(there)} after {TOLD_AT} answers, random questions "
                f"{told(control)}; seed by seed the difference is {told(gain)}."
            ),
        ]
