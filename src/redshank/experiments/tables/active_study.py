"""The first study's own claim: does a BiLSTM that asks for what it is least sure of beat one that does not?

Both rows have as many labels and one test part here, beside random questions, margin, and a forest that asks in the
network's place.
Source: Mahdi and Khadhim's study of a BiLSTM with active learning on ToN_IoT's network table; `mahdi_2024.py` has it at
its own size.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from redshank.experiments.asking import ACCURACY, SCORE, at
from redshank.experiments.cell import Cell
from redshank.experiments.curves import CONTROL, EVERY, FEW, RIVAL, Asking, beside, difference
from redshank.experiments.experiment import Results, table_of
from redshank.experiments.glance import Glance, glance
from redshank.experiments.wording import told
from redshank.experiments.zoo import lasting
from redshank.learn.table import Table

TABLE = "Benign or attack"
STUDY = "least_confidence"
PROPOSER = "random_forest"
PROPOSED = f"{RIVAL}, a forest asks"
LEARNER = "bilstm"
SETTINGS: dict[str, Any] = {"units": (32, 16), "batch_size": 32, "learning_rate": 0.003, **lasting(15)}
"""The published network, narrower: a seed of all rows must be a matter of a minute."""
PLAN: dict[str, Any] = {"initial": 100, "batch": 100, "answers": 1000, "whole": False}
TOLD = (200, 500, 1000)


class ActiveStudy(Asking):
    """The BiLSTM by who asks and what."""

    title: ClassVar[str] = "The first study's claim, at equal label counts"
    what: ClassVar[str] = (
        "A BiLSTM that asks for its least confident rows beside one whose rows are drawn at random, same test part."
    )
    asks: ClassVar[str] = "Does least confidence help a BiLSTM with equal labels?"
    columns: ClassVar[tuple[str, ...]] = (ACCURACY, *(at(SCORE, answers) for answers in TOLD), "answers")
    notes: ClassVar[tuple[str, ...]] = (
        (
            f"The BiLSTM has layers of {' and '.join(map(str, SETTINGS['units']))} units and trains anew each round, "
            f"{SETTINGS['epochs']} epochs in batches of {SETTINGS['batch_size']}: less than the study's, the same for "
            "all rows."
        ),
        (
            f"{PLAN['initial']} labels drawn at random, the same for all rows of a seed, then {PLAN['batch']} a round. "
            "No gate: the study's would cost more validation labels than all answers."
        ),
        f"“{PROPOSED}”: a {PROPOSER} learns from the same answers and asks by {RIVAL} in the network's place.",
        f"Models that have every label were run with the first {FEW} seeds.",
    )
    shown: ClassVar[tuple[str, ...]] = (STUDY, RIVAL, CONTROL, PROPOSED)

    def cells(self, seeds: Sequence[int]) -> list[Cell]:
        """See `Experiment.cells`."""
        made = []
        for seed in seeds:
            shared = Cell("ton_iot", LEARNER, settings=SETTINGS, seed=seed, table=TABLE)
            made += [
                replace(shared, row=row, options={**PLAN, "strategy": strategy, **more})
                for row, strategy, more in (
                    (STUDY, STUDY, {}),
                    (RIVAL, RIVAL, {}),
                    (CONTROL, CONTROL, {}),
                    (PROPOSED, RIVAL, {"proposer": PROPOSER}),
                )
            ]
            made += beside(shared) if seed < FEW else []
        return made

    def tables(self, results: Results) -> list[Table]:
        """See `Experiment.tables`."""
        return [table_of(results, title, self.columns) for title in results.tables]

    def words(self, results: Results) -> list[str]:
        """See `Experiment.words`."""
        study, control = (results.figure(ACCURACY, table=TABLE, row=row) for row in (STUDY, CONTROL))
        if study.mean is None or control.mean is None:
            return []
        said = [
            (
                f"With {PLAN['answers']:,} labels the BiLSTM that asks for its least confident rows has an accuracy of "
                f"{told(study)}, with labels drawn at random {told(control)}; seed by seed the difference is "
                f"{told(difference(results, ACCURACY, TABLE, STUDY, CONTROL))}."
            )
        ]
        for row in (RIVAL, PROPOSED):
            gain = difference(results, at(SCORE, PLAN["answers"]), TABLE, row, CONTROL)
            if gain.mean is not None:
                said.append(f"Of macro-F1 {row} gains {told(gain)} over random questions.")
        return said

    def glance(self, results: Results) -> Glance | None:
        """See `Experiment.glance`."""
        gain = difference(results, ACCURACY, TABLE, STUDY, CONTROL)
        meaning = "" if gain.mean is None else f"Least confidence gains {told(gain)} of accuracy over random questions."
        known = table_of(results, TABLE, self.columns)
        plain = tuple(replace(row, name=row.name.removesuffix(f", {EVERY}")) for row in known.rows)
        return glance(replace(known, rows=plain), ACCURACY, meaning=meaning, where=f"{PLAN['answers']:,} labels")
